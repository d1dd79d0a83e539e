"""The package, and the egg that scrapyd-deploy builds of it."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent


def direct_requirements() -> list[str]:
    """What newsbot itself imports: the first block of requirements.txt, without its pins."""
    block = (HERE / "requirements.txt").read_text(encoding="utf-8").split("\n\n", 1)[0]
    return [re.sub(r"==[^ ;]+", "", line) for line in block.splitlines() if not line.startswith("#")]


def extras() -> dict[str, list[str]]:
    """The blocks of requirements-extras.txt that begin with an extra's name, without their pins."""
    text = (HERE / "requirements-extras.txt").read_text(encoding="utf-8")
    blocks = re.findall(r"^# \[(\w+)\].*\n((?:[^#\n].*\n)+)", text, re.M)
    return {name: [re.sub(r"==[^ ;]+", "", line) for line in lines.splitlines()] for name, lines in blocks}


version = re.search(r'^__version__ = "([^"]+)"', (HERE / "newsbot/__init__.py").read_text(encoding="utf-8"), re.M)
assert version is not None

setup(
    # The name newsbot belongs to another project on PyPI. The package and the command keep it.
    name="newsbot-wp",
    version=version.group(1),
    description="Complete, clean, current copies of WordPress news sites",
    license="MIT",
    packages=find_packages(include=["newsbot", "newsbot.*"]),
    # Data lies beside the code that reads it; what is not Python in the package is data.
    package_data={"": ["*.toml", "*.html", "*.css", "*.js", "*.sql", "*.json", "*.txt", "*.mako", "*.ini"]},
    # Alembic reads its migrations as files.
    zip_safe=False,
    python_requires=">=3.11",
    install_requires=direct_requirements(),
    extras_require=extras(),
    # Scrapyd finds the project's settings by this.
    entry_points={
        "scrapy": ["settings = newsbot.settings"],
        "console_scripts": ["newsbot = newsbot.entry_point:main"],
    },
)
