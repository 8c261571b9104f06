"""Make the invented demo district anew, byte for byte: python data/make_shuangta_demo.py [folder]

Real are only the outline, the water bodies and the river (data/shuangta_demo/real, see data/README.md). Everything else
is invented, and truth.csv says of every planted record what must become of it.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from shuangta_maker.families import plant_families
from shuangta_maker.fillers import plant_fillers
from shuangta_maker.ground import Ground
from shuangta_maker.villages import write_gazetteer
from shuangta_maker.writers import write_all

HOME = Path(__file__).parent / "shuangta_demo"


def main(target: Path = HOME) -> None:
    """Write every file of the demo into `target`."""
    ground = Ground(HOME / "real")
    records = plant_families(ground)
    records += plant_fillers(ground)
    write_all(target, ground, records)
    write_gazetteer(target / "gazetteer_invented.csv", ground)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
