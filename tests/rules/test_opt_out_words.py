"""Who says "no more texts" is heard, and who asks a question is answered by a person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.messages import LEADING, WORDS, opt_out_word


@pytest.mark.parametrize(
    "word", ["R", "T", "TD", "退订", "拒收", "取消订阅", "停发", "STOP", "UNSUBSCRIBE", "QUIT", "CANCEL", "END"]
)
def test_the_words_that_vendors_and_laws_name_count(word):
    """Each of them, alone, stops the texts."""
    assert word.casefold() == opt_out_word(word)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("ｒ", "r"),
        ("Ｔｄ", "td"),
        ("  td\r\n", "td"),
        ("“R”", "r"),
        ("【退订】", "退订"),
        ("退订。", "退订"),
        ("退订!!!", "退订"),
        ("退 订", "退订"),
        ("T D", "td"),
        ("\u200b退\u200b订\ufeff", "退订"),
        ("\x00STOP\x00", "stop"),
        ("Stop.", "stop"),
        ("stop  all", "stop all"),
        ("Opt-Out", "opt-out"),
        ("请退订", "请退订"),
        ("不要再发了！", "不要再发了"),
        ("退訂", "退訂"),
    ],
)
def test_the_dress_of_a_refusal_does_not_matter(text, word):
    """Full-width letters, case, spaces, invisible characters and punctuation around it are evened out."""
    assert word == opt_out_word(text)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("TD hello", "td"),
        ("退订，谢谢", "退订"),
        ("退订 别再发了", "退订"),
        ("STOP please", "stop"),
        ("stop!! thanks", "stop"),
        ("opt-out now", "opt-out"),
        ("unsubscribe me", "unsubscribe"),
    ],
)
def test_a_refusal_with_a_short_remark_is_a_refusal(text, word):
    """The clear words count also as the first of a few."""
    assert word == opt_out_word(text)


@pytest.mark.parametrize(
    "text",
    [
        "请问怎么退订保养套餐",
        "退订保养套餐",
        "退订？",
        "退订 怎么弄",
        "退订 可以吗",
        "退订了吗",
        "TD?",
        "stop by tomorrow",
        "stop by?",
        "STOP, I want to speak to the manager first",
        "cancel my appointment",
        "R u open",
        "T恤送吗",
        "N",
        "no",
        "好的",
        "取消",
        "不要",
        "我已经退订了你们怎么还发",
        "谢谢",
        "",
        "   ",
        "？",
        "。。。",
    ],
)
def test_everything_else_is_read_by_a_person(text):
    """A question, a longer sentence and an answer to something else opt nobody out."""
    assert opt_out_word(text) is None


def test_a_dealer_adds_words_of_his_own():
    """They count as the whole text only; an empty one counts for nothing."""
    expected = "n"
    assert expected == opt_out_word("Ｎ", extra=["N"])
    assert opt_out_word("N thanks", extra=["N"]) is None
    assert opt_out_word("", extra=["", "。"]) is None


@pytest.mark.parametrize("word", sorted(WORDS))
def test_every_built_in_word_is_reachable(word):
    """No word is listed in a dress that evening out would take off."""
    assert word == opt_out_word(word.upper())


def test_what_counts_with_a_remark_counts_alone():
    """The clear words are some of all words, and none of them is a single letter."""
    assert LEADING <= WORDS
    assert all(len(word) > 1 for word in LEADING)


@given(
    st.sampled_from(sorted(WORDS)),
    st.text(" \t\n。，！!.,、“”()（）【】~-", max_size=6),
    st.text(" \n。！.~)）】”", max_size=6),
)
def test_no_wrapping_hides_a_refusal(word, before, after):
    """Whatever spaces and punctuation stand around it, the word is found."""
    assert word == opt_out_word(before + word + after)


@given(st.text(max_size=200))
def test_any_text_is_taken(text):
    """No text of a customer breaks the reader, and what is found is a word of the list."""
    assert opt_out_word(text) in WORDS | {None}
