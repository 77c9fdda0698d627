"""One good reader, and for every law one that breaks this law and no other."""

import pathlib
import types

import saboteur_corpora

import triage


def write(path):
    path.write_text(
        "".join(f"card\ta text with the number {i}\n" for i in range(20)) + "no tab\n", encoding="utf-8"
    )


class Lines:
    """Reads a label, a tab and a text on each line."""

    def __init__(self, location):
        self.location = pathlib.Path(location)
        self.name = self.location.stem

    def data(self):
        try:
            return self.location.read_bytes()
        except OSError as error:
            raise triage.NoInput("there is no such file") from error

    def __iter__(self):
        for row, line in enumerate(self.data().decode("utf-8", "replace").split("\n"), start=1):
            label, tab, text = line.partition("\t")
            if tab and label.strip():
                yield triage.Document(row=row, text=text, label=label)
            else:
                yield triage.Quarantined(row=row, line=row, reason="no label and tab")


class RaisesOSError(Lines):
    def data(self):
        if not self.location.exists():
            raise FileNotFoundError
        return super().data()


class RaisesOnFolders(Lines):
    def data(self):
        if self.location.is_dir():
            raise IsADirectoryError
        return super().data()


class RaisesOnEmpty(Lines):
    def data(self):
        if not (data := super().data()):
            raise IndexError
        return data


class RaisesOnEnds(Lines):
    def data(self):
        data = super().data()
        if data and not data.endswith(b"\n"):
            raise EOFError
        return data


class RaisesOnForeign(Lines):
    def data(self):
        super().data().decode("utf-8")
        return super().data()


class Appends(Lines):
    def data(self):
        data = super().data()
        self.location.write_bytes(data)
        with self.location.open("ab") as file:
            file.write(b"\n")
        return data[: len(data) - data.endswith(b"\n\n")].rstrip(b"\n")


OWN = {
    "a_missing_file_is_said_to_be_missing": RaisesOSError,
    "a_folder_is_no_file": RaisesOnFolders,
    "an_empty_file_is_told_from_a_bug": RaisesOnEmpty,
    "a_file_that_breaks_off_is_told_from_a_bug": RaisesOnEnds,
    "foreign_bytes_are_told_from_a_bug": RaisesOnForeign,
    "the_file_is_left_untouched": Appends,
}


def reader(law, sample):
    """A module whose reader breaks that law; the laws of every source are broken as a corpus breaks them."""
    module = types.ModuleType("saboteur_reader")

    def triage_open_corpus(location):
        if law in saboteur_corpora.SABOTEURS:
            return saboteur_corpora.SABOTEURS[law]() if location == sample else None
        everything = law == "it_leaves_names_that_are_no_files_to_others"
        return OWN.get(law, Lines)(location) if everything or location.endswith(".lines") else None

    module.triage_open_corpus = triage.hookimpl(triage_open_corpus)
    return module
