"""The application server of Token mode: accounts, tokens applied for and shared, delivery over HTTPS."""
