"""Pass what a worker threw and logged to the play that it belongs to."""

from collections.abc import Callable, Collection

from poc_cli.targets.worker_output import Output

Listener = Callable[[Output], None]


class OutputListeners:
    """The listeners of one runtime, each with its marks: ids of objects, and texts that its URLs contain."""

    def __init__(self) -> None:
        self._by_mark: dict[str, Listener] = {}
        self._removed: set[str] = set()

    def add(self, marks: Collection[str], listener: Listener) -> None:
        """Call `listener` with the output of these marks from now on."""
        self._by_mark |= dict.fromkeys(marks, listener)

    def remove(self, marks: Collection[str]) -> None:
        """Forget the listener of these marks."""
        for mark in marks:
            self._by_mark.pop(mark, None)
        self._removed.update(marks)

    def report(self, output: Output) -> None:
        """Pass the output on; what names no play is passed on only while there is a single one."""
        listener = self._by_mark.get(output.object_id or "")
        if listener is None and output.url is not None:
            url = output.url
            listener = next((each for mark, each in self._by_mark.items() if mark in url), None)
        if listener is None and not self._is_of_another_play(output) and len({*self._by_mark.values()}) == 1:
            listener = next(iter(self._by_mark.values()))
        if listener is not None:
            listener(output)

    def _is_of_another_play(self, output: Output) -> bool:
        return output.object_id in self._removed or any(mark in (output.url or "") for mark in self._removed)
