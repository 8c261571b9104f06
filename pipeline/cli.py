"""The commands: parse, call a job, say the result, exit code – 0 done, 1 --strict and a person is needed, 2 not as asked, 3 a bug."""

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from pipeline.errors import LeadscreenError, TableError
from pipeline.text import say, say_both

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.engine.spread import HowToRun, Tick
    from pipeline.jobs import Finished

LISTED_LEFT = 20  # more undecided lines than this hide the rest of the message

Command = Callable[..., Any]


def main() -> None:
    """Entry point of `leadscreen` and `python -m pipeline`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a GBK console cannot show every sign; it must not stop the run
    try:
        code = leadscreen(standalone_mode=False)  # a command that ends with Exit returns its code here
        sys.exit(code if isinstance(code, int) else 0)
    except click.Abort:
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except LeadscreenError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except Exception as error:
        click.echo(where_raised(error), err=True)
        told = str(error) if isinstance(error, TableError) else type(error).__name__
        click.echo(say_both("run.bug", error=told), err=True)
        sys.exit(3)


def where_raised(error: BaseException) -> str:
    """The calls that led to an error and to its causes, without messages: these may quote what citizens wrote (D19)."""
    lines: list[str] = []
    next_error: BaseException | None = error
    while next_error is not None:
        lines = [*traceback.format_tb(next_error.__traceback__), type(next_error).__name__, "\n", *lines]
        next_error = next_error.__cause__ or next_error.__context__
    return "".join(lines)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="leadscreen")
def leadscreen() -> None:
    """自然生态类破坏问题线索筛查 · screens land-change leads against protected ground."""


def place_options(command: Command) -> Command:
    """--place, --lang and --outputs, which all commands share."""
    for option in (
        click.option(
            "--outputs", type=click.Path(path_type=Path), default=Path("outputs"), show_default=True,
            help="成果文件夹 · where runs are written",
        ),
        click.option("--lang", type=click.Choice(["zh", "en"]), help="语言，默认随场所 · language, default the place's"),
        click.option(
            "--place", type=click.Path(path_type=Path), default=Path("configs/shuangta"), show_default=True,
            help="场所文件夹 · place folder",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def scale_options(command: Command) -> Command:
    """--workers and --scheduler: where the pieces of a large overlap are worked on."""
    for option in (
        click.option(
            "--scheduler", metavar="tcp://HOST:PORT",
            help="大数据：使用这个 Dask 调度器的工作进程 · large data: use the workers of this Dask scheduler",
        ),
        click.option(
            "--workers", type=int, metavar="N",
            help="大数据：本机进程数，1 为逐块计算，默认多线程 · large data: processes, 1 plain calls; default threads",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


cycle_option = click.option(
    "--cycle", help="周期，默认为 place.toml 中最后一个 · cycle, default the last in place.toml"
)


@leadscreen.command()
@place_options
@cycle_option
@scale_options
@click.option("--strict", is_flag=True, help="有待人工判定时退出码为 1 · exit 1 when a person has to decide something")
def screen(
    place: Path,
    lang: str | None,
    outputs: Path,
    cycle: str | None,
    workers: int | None,
    scheduler: str | None,
    strict: bool,
) -> None:
    """筛查一个周期，不写台账 · screen a cycle; never writes the ledger."""
    from pipeline import jobs

    name = _prepare(place, lang, outputs, cycle)
    how = _how(place, lang, outputs, workers, scheduler)
    finished = jobs.screen(place, name, outputs, lang, _progress(place, lang), how)
    _say_finished(finished)
    if strict and bool(finished.cycle.tables["problems"]["needs_review"].any()):
        raise click.exceptions.Exit(1)


@leadscreen.command()
@place_options
@cycle_option
@click.option("--strict", is_flag=True, help="有必须处理的事项时退出码为 1 · exit 1 when something must be done")
def check(place: Path, lang: str | None, outputs: Path, cycle: str | None, strict: bool) -> None:
    """检查每个输入并写出检查报告，不筛查 · read and judge every input, write the data-quality page; screens nothing."""
    from pipeline.check import run

    name = _prepare(place, lang, outputs, cycle)
    checked = run.check(place, name, outputs, lang, _progress(place, lang))
    _say_of_cache(checked.told)
    for line in run.console_lines(checked):
        click.echo(line)
    if strict and checked.must_act:
        raise click.exceptions.Exit(1)


@leadscreen.command()
@place_options
@cycle_option
@scale_options
@click.option("--only", help="只受理这些编号（逗号分隔）· only these ids, separated by commas")
@click.option("--town", help="只受理这个乡镇 · only this township")
@click.option("--dry-run", is_flag=True, help="只说明会做什么 · only say what would be done")
def accept(
    place: Path,
    lang: str | None,
    outputs: Path,
    cycle: str | None,
    workers: int | None,
    scheduler: str | None,
    only: str | None,
    town: str | None,
    dry_run: bool,
) -> None:
    """清单转入台账并给出正式编号 · the list enters the ledger and gets its numbers."""
    from pipeline import jobs

    name = _prepare(place, lang, outputs, cycle)
    language = lang or _language(place)
    ids = [word.strip() for word in only.split(",") if word.strip()] if only else []
    how = _how(place, lang, outputs, workers, scheduler)
    given, left, finished = jobs.accept(place, name, outputs, lang, ids, town, dry_run, _progress(place, lang), how)
    if len(given):
        new, numbers = int(given["is_new"].sum()), sorted(given["problem_id"].dropna()) or [""]
        key = "run.would_accept" if dry_run else "run.accepted"  # a dry run gives none: it has no first and no last
        click.echo(say(language, key, new=new, old=len(given) - new, first=numbers[0], last=numbers[-1]))
    else:
        click.echo(say(language, "run.accepted_none"))
    _say_left(left, language)
    if finished is None:
        click.echo(say(language, "run.dry_run"))
    else:
        _say_finished(finished)


@leadscreen.command("decide")
@place_options
@click.option("--dry-run", is_flag=True, help="只说明会录入什么 · only say what would be taken")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
def decide_files(place: Path, lang: str | None, outputs: Path, dry_run: bool, files: tuple[Path, ...]) -> None:
    """录入人工判定到 decisions.csv · takes persons' decisions (review page, workbook or CSV) into decisions.csv."""
    from pipeline.decide import decide, decided_lines

    _prepare(place, lang, outputs, None)
    for line in decided_lines(decide(files, place, lang, dry_run, outputs)):
        click.echo(line)


@leadscreen.command()
@place_options
@cycle_option
@click.argument("wanted", metavar="ID")
def explain(place: Path, lang: str | None, outputs: Path, cycle: str | None, wanted: str) -> None:
    """说明一条线索或一处问题在每一步的结果 · what each stage did to one lead or problem."""
    from pipeline.errors import InputError
    from pipeline.explain import explain as explain_id
    from pipeline.store import read_table
    from pipeline.tables import TABLES

    name = _prepare(place, lang, outputs, cycle)
    language = lang or _language(place)
    folder = outputs / place.resolve().name / name
    if not (folder / "tables" / "outcomes.parquet").exists():
        raise InputError(say(language, "run.no_run", folder=folder, cycle=name))
    tables = {table: read_table(folder / "tables" / f"{table}.parquet", TABLES[table]) for table in TABLES}
    lines = explain_id(tables, wanted, language)
    if not lines:
        raise InputError(say(language, "explain.nothing", wanted=wanted, folder=folder))
    for line in lines:
        click.echo(line)


@leadscreen.command()
@place_options
@click.option("--clear", "is_cleared", is_flag=True, help="全部清除 · remove all of it")
def layers(place: Path, lang: str | None, outputs: Path, is_cleared: bool) -> None:
    """列出已预处理的图层，可清除 · lists the prepared layers: from which file, how large, last used, whole or damaged."""
    from pipeline.cycle import prepared_cache
    from pipeline.layers import clear_lines, layer_lines
    from pipeline.place_folder import read_place

    known = read_place(place, lang)
    cache = prepared_cache(known, outputs)
    for line in clear_lines(cache) if is_cleared else layer_lines(known, cache):
        click.echo(line)


@leadscreen.command()
@click.option(
    "--place",
    type=click.Path(path_type=Path),
    default=Path("configs/shuangta"),
    show_default=True,
    help="场所文件夹；不带文件时即新建的场所 · place folder; without files the new place to make",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), help="语言，默认随场所 · language, default the place's")
@click.option(
    "--as", "role", type=click.Choice(["source", "layer"]), help="作为来源或图层，默认按内容判断 · default by evidence"
)
@click.option("--layer", help="文件中的图层或工作表 · layer or sheet of the files")
@click.option(
    "--boundary", type=click.Path(path_type=Path, exists=True), help="新场所的区界文件 · boundary of the new place"
)
@click.option("--dry-run", is_flag=True, help="只打印，不写文件 · print instead of writing")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
def draft(
    place: Path,
    lang: str | None,
    role: Literal["source", "layer"] | None,
    layer: str | None,
    boundary: Path | None,
    dry_run: bool,
    files: tuple[Path, ...],
) -> None:
    """按文件内容起草来源或图层文件；不带文件时新建场所 · drafts a source or layer file, or a new place."""
    from pipeline.draft.files import draft_files, write_drafts
    from pipeline.draft.place import place_files, write_place

    if not files:
        language = lang or "zh"
        texts = place_files(place, boundary, language)
        if dry_run:
            click.echo(texts["place.toml"])
            return
        write_place(place, texts)
        click.echo(say(language, "draft.wrote_place", folder=place))
        return
    drafts, faults = draft_files(files, place, lang, role, layer)
    if not dry_run:
        write_drafts(drafts)
    for one in drafts:
        click.echo(f"# {one.path}\n{one.text}" if dry_run else one.said)
    for fault in faults:
        click.echo(fault, err=True)


def _prepare(place: Path, lang: str | None, outputs: Path, cycle: str | None) -> str:
    """Put right what a killed run left behind, and name the cycle: the one asked for, else the place's last."""
    from pipeline.place_folder import read_place
    from pipeline.store import recover

    known = read_place(place, lang)
    for line in recover(outputs / known.key, known.language):
        click.echo(line, err=True)
    return cycle or list(known.cycles)[-1]


def _how(place: Path, lang: str | None, outputs: Path, workers: int | None, scheduler: str | None) -> "HowToRun":
    """Where pieces are worked on, refused at once where that cannot be; their files lie beside the place's runs."""
    from pipeline.engine.spread import HowToRun, check

    how = HowToRun(workers, scheduler, outputs / place.resolve().name, lang or _language(place))
    check(how)
    return how


def _language(place: Path) -> str:
    from pipeline.place_folder import read_place

    return read_place(place).language


def _progress(place: Path, lang: str | None) -> Callable[[str], Any]:
    """One bar a stage, on a terminal only, in signs that every console can show.

    A stage in pieces shows how many are done, any other is done or not; one that fails shows no bar but how far it came.
    """
    from tqdm import tqdm

    language = lang or _language(place)

    @contextmanager
    def step(name: str) -> Iterator["Tick"]:
        title = say(language, f"run.step_{name.replace(' ', '_')}")
        with tqdm(total=1, desc=title, ascii=True, disable=None, bar_format="{desc}: {bar:30} {elapsed}") as bar:

            def tick(done: int, total: int) -> None:
                bar.n, bar.total, bar.bar_format = done, total, "{desc}: {bar:30} {n_fmt}/{total_fmt} {elapsed}"
                bar.refresh()

            try:
                yield tick
            except BaseException:
                bar.bar_format = say(language, "run.step_failed", title=title, progress="{n_fmt}/{total_fmt} {elapsed}")
                raise
            bar.update(bar.total - bar.n)

    return step


def _say_of_cache(told: list[str]) -> None:
    for line in told:
        click.echo(f"! {line}", err=True)


def _say_finished(finished: "Finished") -> None:
    cycle = finished.cycle
    _say_of_cache(cycle.cache.told if cycle.cache else [])
    language, place, problems = cycle.place.language, cycle.place, cycle.tables["problems"]
    marks = [say(language, "labels.invented")] if place.is_invented else []
    marks += [] if finished.run["is_accepted"] else [say(language, "labels.draft")]
    head = {"name": place.name, "cycle": cycle.name, "as_of": cycle.as_of.isoformat()}
    click.echo(say(language, "run.done_title", **head, mark=" ".join(f"[{m}]" for m in marks)))
    for row in cycle.accounting.to_dict("records"):
        click.echo(say(language, "run.done_source", **row, gone=row["set_aside"] + row["unread"]))
    total = cycle.accounting
    click.echo(say(language, "run.done_total", reports=total["reports"].sum(), difference=total["difference"].sum()))
    counts = {f"p{k}": int((problems["priority"] == k).sum()) for k in (1, 2, 3)}
    click.echo(
        say(language, "run.done_problems", n=len(problems), review=int(problems["needs_review"].sum()), **counts)
    )
    for line in finished.run["warnings"]:
        click.echo(f"! {line}")
    if finished.kept:
        click.echo(say(language, "run.done_kept", paths=", ".join(finished.kept)))
    for key, sentence in (("list", "run.done_list"), ("field", "run.done_field")):
        if key in finished.run["outputs"]:
            click.echo(say(language, sentence, path=finished.folder / finished.run["outputs"][key]))
    if n_asked := len(cycle.tables["questions"]):
        click.echo(
            say(language, "run.done_questions", n=n_asked, path=finished.folder / finished.run["outputs"]["review"])
        )
    click.echo(say(language, "run.done_open", path=finished.folder / "index.html"))


def _say_left(left: "pd.DataFrame", language: str) -> None:
    if left.empty:
        return
    click.echo(say(language, "run.left_behind", n=len(left)))
    for row in left.head(LISTED_LEFT).to_dict("records"):
        town = row["town"] if isinstance(row["town"], str) else ""
        click.echo(say(language, "run.left_line", id=row["candidate_id"], town=town, why=row["review_reason"]))
