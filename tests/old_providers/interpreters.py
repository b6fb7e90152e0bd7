"""
Old applications in PHP and Ruby, on what Debian packages.

House rule: what is missing is named by its package; nothing is fetched here.
"""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.old_providers.launching import HERE, launched
from tests.support.programs import missing, required_program

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.old_providers.launching import OldSoftware

_LARAVEL = Path("/usr/share/php/Illuminate/autoload.php")
_GEMS = ("railties", "activerecord", "devise", "sqlite3", "puma")
_RUBY_PACKAGES = "ruby-railties ruby-activerecord ruby-devise ruby-sqlite3 puma"


@contextmanager
def launched_php(script: str, *settings: str, log: Path, **env: str) -> Generator[OldSoftware]:
    """Run a script of `php/` behind PHP's own web server, with settings of `php.ini`."""
    php, folder = required_program("php", package="php-cli"), HERE / "php"
    with launched([php, folder / "serving.php", folder / script, *settings], log=log, env=env) as software:
        yield software


@contextmanager
def launched_laravel(*, log: Path, **env: str) -> Generator[OldSoftware]:
    """Run `php/laravel_app.php` on Debian's Laravel."""
    if not _LARAVEL.is_file():
        missing("Laravel is not installed (Debian: apt-get install php-laravel-framework)")
    with launched_php("laravel_app.php", log=log, **env) as software:
        yield software


@contextmanager
def launched_rails(folder: Path, *, log: Path, **env: str) -> Generator[OldSoftware]:
    """Run `ruby/rails_app.rb` on Debian's Rails and Devise; *folder* is its root."""
    ruby = required_program("ruby", package=_RUBY_PACKAGES)
    gems = "; ".join(f"gem '{name}'" for name in _GEMS)
    if subprocess.run([ruby, "-e", gems], check=False, capture_output=True).returncode:
        missing(f"Rails or Devise is not installed (Debian: apt-get install {_RUBY_PACKAGES})")
    with launched([ruby, HERE / "ruby" / "rails_app.rb", folder], log=log, env=env) as software:
        yield software
