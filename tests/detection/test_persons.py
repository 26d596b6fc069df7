"""Which classes are persons: the settings, then labels, then what the family knows."""

from dataclasses import replace

import pytest

from smartrec.detection.persons import (
    Labels,
    labels_of_lines,
    labels_of_metadata,
    person_classes,
)
from smartrec.detection.tensors import Family, PictureInput, no_candidates
from smartrec.errors import ModelUnusable

FAMILY = Family("test", PictureInput((64, 64)), lambda *_: no_candidates(), classes=3)
SURE = replace(FAMILY, person=1, person_known=True)


def test_the_settings_count_before_labels() -> None:
    labels = labels_of_lines(["car", "person", "dog"], FAMILY)
    assert person_classes(FAMILY, labels, (0, 2)) == ((0, 2), "")


def test_a_label_names_the_class_in_any_case() -> None:
    labels = labels_of_lines(["car", "dog", "Person"], FAMILY)
    assert person_classes(FAMILY, labels, None) == ((2,), "")


def test_person_counts_before_other_words_for_it() -> None:
    labels = labels_of_lines(["pedestrian", "dog", "person"], FAMILY)
    assert person_classes(FAMILY, labels, None)[0] == (2,)
    assert person_classes(FAMILY, Labels({0: "car", 2: "pedestrian"}, "it"), None)[0] == (2,)


def test_without_labels_the_familys_own_class_counts() -> None:
    assert person_classes(SURE, None, None) == ((1,), "")


def test_a_class_that_is_a_guess_is_told() -> None:
    persons, note = person_classes(FAMILY, None, None)
    assert persons == (0,)
    assert "class 0 counts as a person" in note
    assert "detector.person_class_ids" in note


def test_labels_without_a_person_are_told() -> None:
    persons, note = person_classes(FAMILY, labels_of_lines(["a", "b", "c"], FAMILY), None)
    assert persons == (0,)
    assert 'no class is called "person" by the labels (a, b, c, …)' in note


def test_labels_are_told_so_that_no_terminal_obeys_them() -> None:
    labels = labels_of_lines(["\x1b]0;title\x07", "b", "c" * 10_000], FAMILY)
    note = person_classes(FAMILY, labels, None)[1]
    assert r"(\x1b]0;title\x07, b, ccc" in note
    assert len(note) < 300


def test_a_class_that_the_model_has_not_is_refused() -> None:
    with pytest.raises(ModelUnusable, match=r"class 3 is to count .* 3 classes, 0 to 2"):
        person_classes(FAMILY, None, (0, 3))


def test_labels_of_another_length_are_refused() -> None:
    with pytest.raises(ModelUnusable, match="name 2 classes, but the model has 3"):
        labels_of_lines(["car", "person"], FAMILY)


def test_lines_count_from_the_first_class_and_background_is_a_class() -> None:
    from_one = replace(FAMILY, classes=None, first_label=1)
    assert labels_of_lines(["person", "car"], from_one).names == {1: "person", 2: "car"}
    assert labels_of_lines(["background", "person"], from_one).names[1] == "person"


@pytest.mark.parametrize("written", ["{0: 'person', 1: 'car'}", "['person', 'car']"])
def test_metadata_names_classes_as_dictionary_or_list(written: str) -> None:
    labels = labels_of_metadata({"names": written})
    assert labels is not None
    assert labels.names == {0: "person", 1: "car"}


@pytest.mark.parametrize("written", ["", "person", "{", "7", "{'a': 'b'}", "__import__('os')"])
def test_metadata_that_names_nothing_is_nothing(written: str) -> None:
    assert labels_of_metadata({"names": written}) is None
