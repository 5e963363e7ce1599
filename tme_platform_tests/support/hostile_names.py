"""Names of folders and files that programs read as something else: an address, a pattern, an escape, two characters."""

HOSTILE_NAMES = (
    "My Study",
    "größe",
    "u\u0308 in two characters",
    "100%",
    "50%off %zz",
    "a #1",
    "a*",
    "**",
    'a"b',
    "it's",
    "a&b;c",
    "$HOME",
    "site=a",
    "cohort=b",
    "a,b:c",
    "{a}<b>",
    "`id`",
    "~",
    "-rf",
    "trailing.",
    " around ",
    "🎗",
)
UNUSABLE_NAMES = ("a%25b", "a%20b", "a[x]", "a]b", "a?b", "a\\b", "a\nb", "a\tb", "a|b", "a^b", "a\x7f")
EVERYTHING = 'a #1 größe u\u0308 100% %zz *"$HOME"\'&;,=b:{}<>`~!()@+🎗.'
"""Many of them at once."""
