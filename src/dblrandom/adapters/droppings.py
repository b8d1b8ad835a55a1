"""What desktops and file servers leave in a folder that somebody opened; no part of a ceremony (docs/spec, section 8).

Such a file says nothing of the draw, and who opened the folder did not ask for it. It is passed over by its name and
never read. A path that ``SHA256SUMS`` lists is never passed over, whatever its name is.
"""

from __future__ import annotations

import re

__all__ = ["is_dropping"]

_FILES = frozenset(
    (
        ".ds_store",
        ".localized",
        ".volumeicon.icns",
        ".apdisk",
        "icon\r",
        "thumbs.db",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "desktop.ini",
        ".directory",
    )
)
_FOLDERS = frozenset(
    (
        "__macosx",
        ".spotlight-v100",
        ".fseventsd",
        ".trashes",
        ".temporaryitems",
        ".documentrevisions-v100",
        ".appledouble",
        ".appledb",
        ".appledesktop",
        "$recycle.bin",
        "system volume information",
        "@eadir",
        "#recycle",
    )
)
_FILE = re.compile(r"\._.+|~\$.+|\.~lock\..+#|\.nfs[0-9a-f]+|\.fuse_hidden[0-9a-f]+|\.smbdelete.+", re.DOTALL)
_FOLDER = re.compile(r"\.trash-[0-9]+")


def is_dropping(name: str, *, folder: bool) -> bool:
    """Whether a file, or a folder with all in it, is by its name what a desktop or a file server leaves behind.

    Names are compared without regard to case, as those systems do.
    """
    plain = name.lower()
    if folder:
        return plain in _FOLDERS or _FOLDER.fullmatch(plain) is not None
    return plain in _FILES or _FILE.fullmatch(plain) is not None
