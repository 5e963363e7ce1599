"""The packages that an installation needs: their licences checked, and their list as SBOM (CycloneDX JSON).

Both look at the installed environment, offline. What only development needs (group `dev` of pyproject.toml) is left
out.

    python .ci/dependencies.py licences                fails on a licence that is not on the list below
    python .ci/dependencies.py table                   the packages and licences as Markdown
    python .ci/dependencies.py sbom FILE               writes the SBOM
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = "tme-platform"
EXTRAS = ("dask", "postgres")
ALLOWED = {
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "MPL-2.0",
    "0BSD",
    "PSF-2.0",
    "Unlicense",
    "Zlib",
}
"""SPDX names of licences under which a package may be installed beside this one."""
_WORDS = {
    "apache": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd-3-clause license": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "the mit license": "MIT",
    "expat": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "mpl 2.0": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "psfl": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
}
"""How older packages write a licence."""
NAMED = {
    "huey": ("MIT", "its metadata name none; the file LICENSE of its repository is MIT"),
    "psycopg2-binary": ("LGPL-3.0-or-later", "used unchanged, as a library, and only with the extra `postgres`"),
    "skops": ("MIT", "its metadata say no more than that it is OSI approved; its file LICENSE is MIT"),
}
"""Packages whose licence is not in their metadata or not on the list, and why each may be used."""


def installed(root: str = ROOT, extras: tuple[str, ...] = EXTRAS) -> dict[str, importlib.metadata.Distribution]:
    """The distributions that a package needs in this environment, itself included, by name."""
    found: dict[str, importlib.metadata.Distribution] = {}
    seen: set[tuple[str, tuple[str, ...]]] = set()
    waiting = [(root, extras)]
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        found[name] = importlib.metadata.distribution(name)
        for text in found[name].requires or ():
            needed = Requirement(text)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in wanted or ("",)):
                waiting.append((canonicalize_name(needed.name), tuple(sorted(needed.extras))))
    return dict(sorted(found.items()))


def licence(distribution: importlib.metadata.Distribution) -> str:
    """The licence as an SPDX expression, as far as the package names it; otherwise its own words, or nothing."""
    metadata = distribution.metadata
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classifiers = [
        text.rpartition("::")[2].strip() for text in metadata.get_all("Classifier") or () if "License ::" in text
    ]
    named = [name for text in classifiers if (name := _spdx(text)) in ALLOWED]
    if named:
        return " OR ".join(dict.fromkeys(named))
    written = (metadata.get("License") or "").strip()
    return _spdx(written) if written and "\n" not in written else " ".join(classifiers)


def problem(name: str, expression: str) -> str:
    """Why a package's licence is not accepted; empty where it is."""
    if name in NAMED:
        return ""
    if not expression:
        return f"{name}: no licence in its metadata. Look it up, and name it in NAMED with the reason"
    if _accepted(expression):
        return ""
    return f"{name}: {expression!r} is not on the list. Use another package, or name it in NAMED with the reason"


def _accepted(expression: str) -> bool:
    alternatives = re.split(r"\s+OR\s+", expression.replace("(", " ").replace(")", " ").strip())
    return any(all(part.strip() in ALLOWED for part in re.split(r"\s+AND\s+", one)) for one in alternatives)


def _spdx(text: str) -> str:
    return text if text in ALLOWED else _WORDS.get(text.lower(), text)


def check() -> int:
    """Print what is not accepted; the exit code."""
    packages = installed()
    problems = [found for name, package in packages.items() if (found := problem(name, licence(package)))]
    problems += [f"{name}: named in NAMED and not installed any more" for name in NAMED if name not in packages]
    print(*problems, f"{len(packages)} packages, {len(problems)} problems with licences", sep="\n")
    return bool(problems)


def table() -> str:
    """Packages and licences in Markdown."""
    rows = [
        f"| {name} | {package.version} | {NAMED[name][0] if name in NAMED else licence(package)} |"
        for name, package in installed().items()
    ]
    return "\n".join(["| package | version | licence |", "| --- | --- | --- |", *rows])


def write_sbom(target: Path) -> int:
    """Write the SBOM of what an installation needs; the number of its components."""
    command = [str(Path(sys.executable).with_name("cyclonedx-py")), "environment", "--pyproject", "pyproject.toml"]
    made = subprocess.run(
        [*command, "--output-reproducible", "--of", "JSON", sys.executable], check=True, capture_output=True, text=True
    )
    document, wanted = json.loads(made.stdout), installed()
    kept = [one for one in document["components"] if canonicalize_name(one["name"]) in wanted]
    references = {one["bom-ref"] for one in kept} | {document["metadata"]["component"]["bom-ref"]}
    document["components"] = kept
    document["dependencies"] = [
        {**one, "dependsOn": [ref for ref in one.get("dependsOn", ()) if ref in references]}
        for one in document["dependencies"]
        if one["ref"] in references
    ]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return len(kept)


def main(arguments: list[str]) -> int:
    """Carry out what the module's text says; the exit code."""
    if arguments == ["licences"]:
        return check()
    if arguments == ["table"]:
        print(table())
        return 0
    if len(arguments) == 2 and arguments[0] == "sbom":
        print(f"{write_sbom(Path(arguments[1]))} components in {arguments[1]}")
        return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
