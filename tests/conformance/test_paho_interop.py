"""Eclipse Paho's own tests on the twin, where PAHO_TESTING names a checkout of them."""

import os
from pathlib import Path

import pytest

from tests.conformance.paho_interop import on_a_twin

CHECKOUT = os.environ.get("PAHO_TESTING", "")


@pytest.mark.skipif(
    not CHECKOUT,
    reason="PAHO_TESTING names no checkout: git clone https://github.com/eclipse/paho.mqtt.testing",
)
def test_the_eclipse_paho_interoperability_tests_pass(tmp_path: Path) -> None:
    outcome = on_a_twin(Path(CHECKOUT), tmp_path)
    assert outcome.bad == {}, outcome.output
    assert outcome.score == "10/10", outcome.output
