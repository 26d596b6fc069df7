"""Who is let in, and until when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.access.model import (
    ABSOLUTE,
    DAY,
    IDLE,
    Kind,
    Principal,
    Scope,
    Session,
    Share,
    Token,
    User,
)
from smartrec.access.roster import Roster
from smartrec.access.secrets import digest, sign

SIGNING = b"s" * 32
BEGUN = 1_795_000_000 * 10**9
LATER = BEGUN + DAY
ANN = User("Ann", Scope.RECORD, BEGUN, BEGUN)
SESSION = Session("s1", "Ann", "192.0.2.1", "browser", BEGUN, BEGUN)
TOKEN = Token("t1", "ha", Scope.VIEW, BEGUN, BEGUN + 2 * DAY)
SHARE = Share("aa", "clip-1", "Ann", BEGUN, BEGUN + 2 * DAY, sign(SIGNING, "aa"))


def roster(
    *users: User,
    session: Session | None = SESSION,
    token: Token | None = TOKEN,
    share: Share | None = SHARE,
) -> Roster:
    return Roster(
        users or (ANN,),
        {digest("cookie"): session} if session else {},
        {digest("srt_x"): token} if token else {},
        [share] if share else [],
        SIGNING,
    )


@given(st.sampled_from(Scope), st.sampled_from(Scope))
def test_each_scope_includes_those_before_it(one: Scope, other: Scope) -> None:
    order = [Scope.VIEW, Scope.RECORD, Scope.ADMIN]
    assert one.includes(other) is (order.index(one) >= order.index(other))


def test_without_users_nobody_must_log_in_and_nobody_is_known() -> None:
    empty = Roster()
    assert not empty.login_needed
    assert empty.user("ann") is None
    assert empty.session("", LATER) is empty.token("", LATER) is empty.share("", LATER) is None
    assert empty.still(Principal(Kind.OPEN, "", Scope.ADMIN), LATER)


def test_a_session_is_its_users_with_what_they_may_do_at_present() -> None:
    assert roster().session("cookie", LATER) == Principal(Kind.USER, "Ann", Scope.RECORD, "s1")
    less = User("Ann", Scope.VIEW, BEGUN, BEGUN)
    was = roster().session("cookie", LATER)
    assert was is not None
    now = roster(less).session("cookie", LATER)
    assert now is not None
    assert now.scope is Scope.VIEW
    assert not roster(less).still(was, LATER)


def test_a_session_without_its_user_is_worth_nothing() -> None:
    other = User("bob", Scope.ADMIN, BEGUN, BEGUN)
    assert roster(other).session("cookie", LATER) is None


def test_a_session_ends_when_it_is_left_alone_or_old() -> None:
    assert roster().session("cookie", BEGUN + IDLE) is not None
    assert roster().session("cookie", BEGUN + IDLE + 1) is None
    used = Session("s1", "Ann", "", "", BEGUN, BEGUN + ABSOLUTE)
    assert roster(session=used).session("cookie", BEGUN + ABSOLUTE) is not None
    assert roster(session=used).session("cookie", BEGUN + ABSOLUTE + 1) is None


@given(st.text(max_size=60))
def test_a_wrong_secret_opens_nothing(secret: str) -> None:
    for ask in (roster().session, roster().token, roster().share):
        assert ask(secret, LATER) is None or secret in ("cookie", "srt_x", SHARE.token)


def test_one_kind_of_secret_is_none_of_another_kind() -> None:
    assert roster().session("srt_x", LATER) is roster().token("cookie", LATER) is None


def test_a_token_is_worth_what_it_says_until_its_time_is_over() -> None:
    assert roster().token("srt_x", LATER) == Principal(Kind.TOKEN, "ha", Scope.VIEW, "t1")
    assert roster().token("srt_x", BEGUN + 2 * DAY) is None
    lasting = Token("t1", "ha", Scope.VIEW, BEGUN, None)
    assert roster(token=lasting).token("srt_x", BEGUN + 10_000 * DAY) is not None


def test_a_link_shows_its_clip_until_its_time_is_over_or_it_is_removed() -> None:
    who = Principal(Kind.SHARE, "link of Ann", Scope.VIEW, "aa", "clip-1")
    assert roster().share(SHARE.token, LATER) == who
    assert roster().share(SHARE.token, BEGUN + 2 * DAY) is None
    assert roster(share=None).share(SHARE.token, LATER) is None
    assert roster().share("aa", LATER) is None
    assert roster().share_of("aa") is SHARE


def test_a_link_signed_by_somebody_else_shows_nothing() -> None:
    assert roster().share(sign(b"x" * 32, "aa"), LATER) is None


@pytest.mark.parametrize("ask", ["session", "token", "share"])
def test_who_was_let_in_stays_in_until_that_is_taken_away(ask: str) -> None:
    secret = {"session": "cookie", "token": "srt_x", "share": SHARE.token}[ask]
    who = getattr(roster(), ask)(secret, LATER)
    assert roster().still(who, LATER)
    assert not roster().still(who, BEGUN + 31 * DAY)
    assert not roster(session=None, token=None, share=None).still(who, LATER)
    assert not Roster().still(who, LATER)


def test_whoever_was_let_in_without_login_has_to_log_in_as_soon_as_there_is_a_user() -> None:
    assert not roster().still(Principal(Kind.OPEN, "", Scope.ADMIN), LATER)


def test_whom_a_proxy_lets_in_is_in_as_the_user_that_they_are_here() -> None:
    known = Principal(Kind.PROXY, "Ann", Scope.RECORD, "ann")
    unknown = Principal(Kind.PROXY, "zoe", Scope.VIEW)
    assert roster().still(known, LATER)
    assert roster().still(unknown, LATER)
    assert not Roster().still(known, LATER)
    assert not roster(User("ann", Scope.VIEW, BEGUN, BEGUN)).still(known, LATER)
    assert not roster(User("Zoe", Scope.VIEW, BEGUN, BEGUN)).still(unknown, LATER)


def test_who_has_a_certificate_is_in() -> None:
    assert roster().still(Principal(Kind.CERTIFICATE, "CN=ann", Scope.ADMIN), LATER)
