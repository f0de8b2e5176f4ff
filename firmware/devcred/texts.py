"""What the console says of each cause, and of what the radio tells: what happened and what to do."""

TEXTS = {
    "no-credential": "no usable credential; provision this device",
    "bad-config": "the configuration cannot be used; provision this device",
    "no-wifi": "no network; check the access point and the Wi-Fi password",
    "dns": "the server's name was not resolved; check the network's DNS and the host",
    "no-server": "the server does not answer; check the host, the port and the firewall",
    "tls": "the TLS handshake failed",
    "tls-ca": "the server's certificate is not signed by the CA on this device",
    "tls-name": "the server's certificate is for another host name",
    "tls-time": "the server's certificate is not valid at this time; check the clock",
    "refused": "credential refused by the server; it was revoked or replaced: provision this device",
    "bad-client-id": "client ID refused by the server; its group is missing, or the ID is in use",
    "server-busy": "the server is overloaded",
    "topic-refused": "closed by the server at a publish or subscribe; check topic and rights",
    "closed": "closed by the server",
    "kicked": "closed by the server again and again soon after login; "
    "another device may be using this client ID",
    "link-lost": "the link went silent",
    "protocol": "the server broke the protocol",
    "token": "a token is no good any more; another one is asked for",
    "account-refused": "the account is cut off; check it at the token server, and its rights at the service",
    "no-address": "the access point let us in, but gave no address; check its DHCP",
    "wrong-password": "the access point refused the Wi-Fi password",
    "no-access-point": "no access point of this name is in reach",
}
