"""Presets: named sets of cloud options, the studio's and a person's own.

Standard library only, Python 3.7 and up. Each file is an INI file: a section for each preset, an
option a line, as docs/options.md names them.
"""

import configparser

STUDIO = "Studio: "
"""How names of the studio's presets begin where people choose."""

_NEVER = frozenset("[]\r\n")


class Presets(object):
    """The presets that one person sees.

    Args:
        studio: path of the studio's file.
        own: path of the person's.
        options: those that there are, see `renderbus_options`.

    Attributes:
        problems: what is wrong with the files, in sentences.
    """

    def __init__(self, studio, own, options):
        self._own_file = own
        self._options = options
        self.problems = []
        self._studio = self._read(studio)
        self._own = self._read(own)

    @property
    def names(self):
        """Names as people choose them, the studio's first."""
        return [STUDIO + name for name in self._studio] + list(self._own)

    def options(self, name):
        """Return the options of a preset, texts by name."""
        if name.startswith(STUDIO):
            return dict(self._studio[name[len(STUDIO) :]])
        return dict(self._own[name])

    def save(self, name, options):
        """Keep a preset of the person's own; return what is wrong, "" when it is kept.

        Args:
            name: as the person calls it; one of that name is replaced.
            options: texts by name; what is empty is left out.
        """
        wrong = _unusable(name)
        if wrong:
            return wrong
        kept = {key: text.strip() for key, text in options.items() if text.strip()}
        return self._write(dict(self._own, **{name: kept}))

    def delete(self, name):
        """Forget a preset of the person's own; return what is wrong, "" when it is gone."""
        if name.startswith(STUDIO):
            return "{} is the studio's: it is edited in the repository.".format(name)
        return self._write({key: value for key, value in self._own.items() if key != name})

    def _read(self, file):
        parser = _parser()
        try:
            parser.read_string(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError, configparser.Error) as error:
            self.problems.append("The presets of {} cannot be read: {}".format(file, error))
            return {}
        found = {name: dict(parser[name]) for name in parser.sections()}
        for name in list(found):
            wrong = self._wrong(found[name])
            if wrong:
                self.problems.append("The preset {} of {}: {}".format(name, file, wrong))
                del found[name]
        return found

    def _wrong(self, texts):
        """Return what is wrong with the options of a preset; "" when they can be used."""
        unknown = sorted(set(texts) - set(self._options))
        if unknown:
            return "there is no option {}.".format(", ".join(unknown))
        return " ".join(self._options.problems(texts, {name: name for name in texts}))

    def _write(self, presets):
        parser = _parser()
        parser.read_dict(presets)
        part = self._own_file.with_suffix(".part")
        try:
            with part.open("w", encoding="utf-8") as stream:
                parser.write(stream)
            part.replace(self._own_file)
        except OSError as error:
            return "The presets cannot be kept in {}: {}".format(self._own_file, error)
        self._own = presets
        return ""


def _parser():
    # Percent signs mean nothing, and no section is shared by all others.
    return configparser.ConfigParser(interpolation=None, default_section="\n", delimiters=("=",))


def _unusable(name):
    if not name.strip() or name != name.strip():
        return "Name the preset that is to be kept."
    if set(name) & _NEVER or name.startswith(STUDIO):
        return "A preset cannot be called {}.".format(name)
    return ""
