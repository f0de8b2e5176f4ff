"""A device in Token mode: renewed inside the session, and in service again whatever happens."""

from pathlib import Path

from host_tools.twin import Settings
from tests.e2e.device import Device, another_ca
from tests.e2e.token_play import Play, playing


def online(play: Play) -> bool:
    """Whether the last thing that the console said of the link is that it stands."""
    told = [each.name for each in play.said if each.name in ("connack", "lost", "refused")]
    return bool(told) and told[-1] == "connack"


def test_five_renewals_without_a_disconnect_or_a_lost_message(tmp_path: Path) -> None:
    has_five_renewals(tmp_path, "ESP32_GENERIC")


def has_five_renewals(tmp_path: Path, board_id: str) -> None:
    with playing(tmp_path, board_id=board_id) as play:
        play.until(lambda: play.count("token", "uploaded") >= 5, 60)
        play.settle()
        assert play.losses() == []
        assert play.count("connack") == 1
        # One for the first login and one for each renewal.
        assert play.server.asked <= play.count("token", "uploaded") + 2


def test_at_boot_it_uses_what_it_has_kept(tmp_path: Path) -> None:
    with playing(tmp_path, life_s=3600) as play:
        play.until(lambda: online(play))
        play.settle()
        for boots in (2, 3):
            play.vboard.power_cycle()
            play.until(lambda boots=boots: play.count("connack") == boots, step_s=0)  # type: ignore[misc]
        assert play.server.asked == 1


def test_a_revoked_token_is_replaced_at_once(tmp_path: Path) -> None:
    replaces_a_revoked_token(tmp_path, "next-use", notices=True)


def replaces_a_revoked_token(tmp_path: Path, revoke_token: str, *, notices: bool) -> None:
    settings = Settings(revoke_token=revoke_token, token_notices=notices)
    with playing(tmp_path, settings=settings, life_s=3600) as play:
        play.until(lambda: online(play))
        play.settle()
        revoke(play)
        play.until(lambda: play.count("connack") >= 2 and online(play), step_s=1)
        play.settle()
        # Without a notice it finds out at the login.
        assert play.losses()[-1] == "token"
        assert len(play.losses()) == (1 if notices else 2)
        assert play.server.asked == 2


def revoke(play: Play) -> None:
    """The tokens that were given last."""
    for token in play.server.given[-1].values():
        play.twin.call(play.twin.twin.state.tokens.revoke, token)


def test_an_account_that_is_cut_off_ends_refused_named_and_quiet(tmp_path: Path) -> None:
    with playing(tmp_path) as play:
        play.until(lambda: online(play))
        play.server.says = 403, {"error": "disabled", "detail": "", "retry_in_s": 600}
        play.until(lambda: play.count("lost"))
        play.until(lambda: play.count("refused"), step_s=30)
        refused = next(each for each in play.said if each.name == "refused")
        assert refused.value("cause") == "account-refused"
        assert refused.text.startswith("cause=account-refused code=token-server-403 disabled the account")
        asked, logins = play.server.asked, len(play.twin.trace)
        for _ in range(36):
            play.pass_time(100)
            play.look()
        assert play.server.asked - asked <= 7
        assert len(play.twin.trace) == logins
        # It is let in again.
        play.server.says = None
        play.until(lambda: play.count("token", "fetched") == 2, step_s=30)
        play.until(lambda: online(play))
        play.settle()
        assert play.count("boot") == 1


FORBIDDEN = b"""
turn = 0

def setup(agent):
    agent.subscribe("other/settings", lambda topic, payload: None)
    agent.subscribe("devcred/settings", lambda topic, payload: None)

def loop(agent):
    global turn
    turn += 1
    if turn % 15 == 0:
        agent.publish("other/reading", {"number": -1})
        agent.publish("devcred/reading", {"number": turn // 15 - 1})
"""


def test_a_refused_topic_does_not_stop_the_rest(tmp_path: Path) -> None:
    bars_a_refused_topic(tmp_path, notices=True)


def bars_a_refused_topic(tmp_path: Path, *, notices: bool) -> None:
    settings = Settings(token_notices=notices)
    with playing(tmp_path, settings=settings, life_s=1200, app=FORBIDDEN) as play:
        play.until(lambda: len(play.numbers) > 10, step_s=0.2)
        play.settle()
        barred = {each.value("topic") for each in play.said if each.name == "barred"}
        assert barred == {"other/settings", "other/reading"}
        # With a notice it is certain the first time, else the second.
        assert len(play.losses()) == (2 if notices else 4)
        assert play.count("published", "topic=other/reading") == 0
        # With other rights they are taken up when they are tried again, some minutes after the renewal.
        play.server.types = {"RW": ["devcred/#", "other/#"]}
        play.until(lambda: play.count("token", "uploaded"), step_s=20)
        play.until(lambda: play.count("published", "topic=other/reading") > 3, step_s=30)
        play.settle()


def test_a_rotation_that_was_missed(tmp_path: Path) -> None:
    with playing(tmp_path, mode="DeviceCredential", config={"refused_retry_ms": 20000}) as play:
        play.until(lambda: online(play))
        client_id = play.device.client_id
        new = play.twin.call(play.twin.twin.state.renew_credential, client_id)
        play.server.credential = {
            "client_id": client_id,
            "instance_id": play.twin.instance_id,
            "key_id": new.key_id,
            "secret": new.secret,
        }
        play.vboard.power_cycle()
        play.until(lambda: play.count("refused", "cause=refused"))
        assert play.server.asked == 0
        play.until(lambda: online(play))
        play.vboard.power_cycle()
        play.until(lambda: play.count("connack") == 3, step_s=0)
        assert (play.server.asked, play.losses()) == (1, ["refused"])


def test_an_application_server_that_cannot_be_proved_is_told_nothing(tmp_path: Path) -> None:
    def other_ca(device: Device) -> None:
        device.files["/token-ca.der"] = another_ca()

    with playing(tmp_path, change=other_ca) as play:
        play.until(play.losses, step_s=0)
        lost = next(each for each in play.said if each.name == "lost")
        assert (lost.value("cause"), lost.value("code")) == ("tls-ca", "token-server-certificate")
        assert play.server.asked == 0
