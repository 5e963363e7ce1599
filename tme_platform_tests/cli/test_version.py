from typer.testing import CliRunner

from tme_platform import __version__
from tme_platform.cli.app import app


def test_version_is_printed() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.output.strip() == __version__
