"""Sphinx configuration. The pages are built with ``sphinx-build -n -W``: every reference must resolve."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version as installed_version
from typing import Any

project = "dblrandom"
author = "the dblrandom contributors"
copyright = "the dblrandom contributors, Apache License 2.0"
version = release = installed_version("dblrandom")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}
language = "en"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True  # the name of a default, not what its objects look like when printed
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

# The standard library and dependencies are documented elsewhere, and the build must not need the network to look there.
nitpick_ignore = [  # inside a package, and no part of its interface
    ("py:class", "dblrandom.beacons.forms.Part"),
    ("py:class", "dblrandom.evidence.report.Notes"),
]
nitpick_ignore_regex = [
    (
        "py:.*",
        r"(abc|array|attr|attrs|click|collections|concurrent|contextlib|cryptography|datetime|enum|fractions|io|posix)(\..*)?",
    ),
    ("py:.*", r"[A-Z]|_\w+|dblrandom\.(.*\.)?(_\w+(\..*)?|[A-Z])"),  # private names and type variables have no page
    (
        "py:.*",
        r"(datafusion|hashlib|os|pathlib|pyarrow|pyspark|re|rich|sa|sqlalchemy|tomllib|types|typing|typing_extensions|urllib)(\..*)?",
    ),
]

html_theme = "furo"
html_title = "dblrandom"
html_static_path = ["_static"]
html_theme_options = {"light_css_variables": {"font-stack": "system-ui, 'Noto Sans CJK SC', sans-serif"}}


def _keep_colons(app: object, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Keep napoleon from taking the words before a colon for a type; signatures have the types here.

    It does so on the first line of an attribute's docstring and of a Returns section. An empty type goes before each.
    """
    if what in {"attribute", "data", "property"} and lines and lines[0].strip():
        lines[0] = ": " + lines[0]
    for number, line in enumerate(lines[:-1]):
        if line.strip() == "Returns:":
            text = lines[number + 1]
            indent = len(text) - len(text.lstrip())
            lines[number + 1] = f"{text[:indent]}: {text[indent:]}"


def _follow_exports(app: Any, env: Any, node: Any, content: Any) -> Any:
    """Resolve a name that a package exports, such as ``dblrandom.roster.Roster``, to the module that defines it."""
    target = node.get("reftarget", "")
    module, _, name = target.rpartition(".")
    if node.get("refdomain") != "py" or not module.startswith("dblrandom"):
        return None
    try:
        found = getattr(import_module(module), name)
        home = f"{found.__module__}.{found.__qualname__}"
    except (ImportError, AttributeError):
        return None
    if home == target:
        return None
    return env.get_domain("py").resolve_xref(env, node["refdoc"], app.builder, node["reftype"], home, node, content)


def setup(app: Any) -> None:
    """Register the handlers, the first one ahead of napoleon's own (priority 500)."""
    app.connect("autodoc-process-docstring", _keep_colons, priority=400)
    app.connect("missing-reference", _follow_exports)
