"""The network that goes on from where it stopped: the served graph, with every walk over time a running one.

A recurrent layer starts from a state and hands it on; a sum or a maximum over the words goes on from the last
one; attention keeps its weighted sum, its weights' sum and the largest score so far (Milakov and Gimelshein
2018, "Online normalizer calculation for softmax"); pairs of words know the words before. So one step costs
the same however long the text is. It is made of the bytes of `network.onnx`: a model holds nothing for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triage_recurrent._graphs import (
    DOUBLE,
    FLOAT,
    INT32,
    INT64,
    Graph,
    Node,
    Value,
    read_graph,
    write_graph,
)

__all__ = ["LENGTHS", "NotForward", "State", "Stepping", "stepping"]

LENGTHS = "step.lengths"
_LOWEST = float(np.finfo(np.float32).min)
_EACH_WORD = frozenset(
    re.findall(
        r"\w+", "Add Cast Div Equal Identity Log MatMul Max Mod Mul Not Relu Sigmoid Sqrt Sum Tanh Where"
    )
)
"""What computes for each word alone, as long as all that it is given has the words on its first axis."""


class NotForward(Exception):
    """The network cannot go on from where it stopped; the message says why."""


@dataclass(frozen=True)
class State:
    """What is handed from step to step, one row for each text.

    Attributes:
        name: of the input; that of the output ends in ".next".
        kind: what its elements are, as ONNX numbers it.
        size: of a row; 0 where the first step tells.
        first: what every element is before the first word.
    """

    name: str
    kind: int
    size: int
    first: float


@dataclass(frozen=True)
class Stepping:
    """A model of ONNX from "tokens" (batch, time), lengths and states to "probabilities" and states."""

    data: bytes
    states: tuple[State, ...]


def stepping(data: bytes) -> Stepping:
    """Return the running form of a model that `to_onnx` wrote and `check` let pass.

    Raises:
        NotForward: what it says of a word depends on later words.
    """
    graph = read_graph(data)
    rewriting = _Rewriting(graph)
    for node in graph.nodes:
        rewriting.node(node)
    inputs = [Value("tokens", INT64, ("batch", "time")), Value(LENGTHS, INT32, ("batch",))]
    outputs = [Value("probabilities", FLOAT, ("batch", "classes"))]
    for state in rewriting.states:
        inputs.append(Value(state.name, state.kind, ("batch", f"{state.name}.given")))
        outputs.append(Value(f"{state.name}.next", state.kind, ("batch", f"{state.name}.size")))
    written = Graph(tuple(rewriting.nodes), graph.constants, graph.opset, graph.ir_version)
    model = write_graph(written, inputs=inputs, outputs=outputs, more=rewriting.constants)
    return Stepping(model, tuple(rewriting.states))


class _Rewriting:
    """Rewrites nodes one by one.

    A tensor is either the same for all texts, or has the words of the piece on its first axis ("timed"), or
    belongs to the text read so far.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[Node] = []
        self.states: list[State] = []
        self.constants: dict[str, NDArray[np.int64]] = {}
        self._timed = {"tokens"}
        self._shares: dict[str, tuple[str, str]] = {}  # weights of attention: their scale, and their sum
        self._weighted: dict[str, str] = {}  # what was multiplied by them

    def node(self, node: Node) -> None:
        """Add the running form of a node."""
        timed = [name for name in node.inputs if name in self._timed]
        if not timed:
            self.nodes.append(node)
            return
        special: dict[str, Callable[[Node], None]] = {
            "Transpose": self._transpose,
            "RNN": self._recurrent,
            "GRU": self._recurrent,
            "LSTM": self._recurrent,
            "ReduceSum": self._sum,
            "ReduceMax": self._maximum,
            "Softmax": self._softmax,
            "Pad": self._before,
            "Slice": self._slice,
            "Squeeze": self._axis_kept,
            "Unsqueeze": self._axis_kept,
            "Gather": self._gather,
            "Concat": self._concat,
        }
        if node.op in special:
            special[node.op](node)
        elif node.op in _EACH_WORD:
            self._each_word(node)
        else:
            raise NotForward(f"the network holds a {node.op} over the words")

    def _keep(self, node: Node) -> None:
        self.nodes.append(node)
        self._timed.update(node.outputs)

    def _add(self, op: str, *inputs: str, **attributes: int | tuple[int, ...]) -> str:
        name = f"step.{op.lower()}_{len(self.nodes)}"
        self.nodes.append(Node.of(op, inputs, [name], **attributes))
        return name

    def _named(self, name: str, op: str, *inputs: str, **attributes: int | tuple[int, ...]) -> None:
        self.nodes.append(Node.of(op, inputs, [name], **attributes))

    def _ints(self, *values: int) -> str:
        name = "step.ints_" + "_".join(map(str, values))
        self.constants[name] = np.array(values, np.int64)
        return name

    def _state(self, kind: int, *, size: int = 0, first: float = 0.0) -> str:
        name = f"step.state_{len(self.states)}"
        self.states.append(State(name, kind, size, first))
        return name

    def _alone(self, node: Node) -> None:
        """Check that no input belongs to the text so far: the next word would change it for all words."""
        given = [name for name in node.inputs if name and name not in self.graph.constants]
        if any(name not in self._timed for name in given):
            raise NotForward("the network holds a layer in which the whole text changes what a word says")

    def _each_word(self, node: Node) -> None:
        shares = [name for name in node.inputs if name in self._shares]
        if shares and (node.op != "Mul" or len(node.inputs) != 2):
            raise NotForward("the network uses its attention in a way that cannot go on")
        self._alone(node)
        if shares:
            self._weighted[node.outputs[0]] = shares[0]
        self._keep(node)

    def _transpose(self, node: Node) -> None:
        if node.inputs != ("tokens",):
            raise NotForward("the network reads backwards too")
        self._keep(node)

    def _gather(self, node: Node) -> None:
        if node.inputs[0] in self._timed:
            raise NotForward("the network takes out single words")
        self._keep(node)

    def _concat(self, node: Node) -> None:
        if node.ints("axis") != (-1,):
            raise NotForward("the network joins texts end to end")
        self._alone(node)
        self._keep(node)

    def _axis_kept(self, node: Node) -> None:
        if self.graph.ints(node.inputs[1]) not in ((1,), (2,)):
            raise NotForward("the network turns words into something else")
        self._keep(node)

    def _recurrent(self, node: Node) -> None:
        if node.text("direction") not in ("", "forward"):
            raise NotForward("the network reads backwards too")
        (size,) = node.ints("hidden_size")
        states = [self._state(FLOAT, size=size) for _ in range(2 if node.op == "LSTM" else 1)]
        given = [self._add("Unsqueeze", state, self._ints(0)) for state in states]
        after = [f"{state}.after" for state in states]
        steps = node.outputs[0]
        if len(node.outputs) > 1 and node.outputs[1]:
            after[0] = node.outputs[1]  # the state itself is what comes next
        inputs = (*node.inputs[:4], LENGTHS, *given)
        self.nodes.append(node.changed(inputs=inputs, outputs=(steps, *after)))
        for state, name in zip(states, after, strict=True):
            self._named(f"{state}.next", "Squeeze", name, self._ints(0))
        if steps:
            self._timed.add(steps)

    def _sum(self, node: Node) -> None:
        if self.graph.ints(node.inputs[1]) != (0,) or node.ints("keepdims") != (0,):
            if 0 in self.graph.ints(node.inputs[1]):
                raise NotForward("the network sums words in a way that cannot go on")
            self._keep(node)
            return
        state = self._state(DOUBLE)
        piece = self._add("Cast", self._add("ReduceSum", *node.inputs, keepdims=0), to=DOUBLE)
        share = self._weighted.get(node.inputs[0])
        if share is None:
            self._named(f"{state}.next", "Add", state, piece)
            self._named(node.outputs[0], "Cast", f"{state}.next", to=FLOAT)
            return
        scale, weights = self._shares[share]
        self._named(f"{state}.next", "Add", self._add("Mul", state, scale), piece)
        self._named(node.outputs[0], "Cast", self._add("Div", f"{state}.next", weights), to=FLOAT)

    def _maximum(self, node: Node) -> None:
        if node.ints("axes") != (0,) or node.ints("keepdims") != (0,):
            raise NotForward("the network compares words in a way that cannot go on")
        state = self._state(FLOAT, first=_LOWEST)
        piece = self._add("ReduceMax", *node.inputs, axes=(0,), keepdims=0)
        self._named(f"{state}.next", "Max", state, piece)
        self._named(node.outputs[0], "Identity", f"{state}.next")

    def _softmax(self, node: Node) -> None:
        if node.ints("axis") == (-1,):
            self._keep(node)
            return
        if node.ints("axis") != (0,):
            raise NotForward("the network compares words in a way that cannot go on")
        scores, share = node.inputs[0], node.outputs[0]
        largest, total = self._state(FLOAT, first=_LOWEST), self._state(DOUBLE)
        piece = self._add("ReduceMax", scores, axes=(0,), keepdims=0)
        self._named(f"{largest}.next", "Max", largest, piece)
        self._named(share, "Exp", self._add("Sub", scores, f"{largest}.next"))
        scale = self._add("Exp", self._add("Sub", largest, f"{largest}.next"))
        scale = self._add("Cast", scale, to=DOUBLE)
        weights = self._add("Cast", self._add("ReduceSum", share, self._ints(0), keepdims=0), to=DOUBLE)
        self._named(f"{total}.next", "Add", self._add("Mul", total, scale), weights)
        self._timed.add(share)
        self._shares[share] = scale, f"{total}.next"

    def _before(self, node: Node) -> None:
        """The words before, and then those of the piece, instead of padding and then those of the text."""
        ids, pads = node.inputs[0], self.graph.ints(node.inputs[1])
        gap = pads[0]
        if pads != (gap, 0, 0, 0) or gap < 1:
            raise NotForward("the network pads texts")
        state = self._state(INT64, size=gap)
        before = self._add("Transpose", state, perm=(1, 0))
        self._named(node.outputs[0], "Concat", before, ids, axis=0)
        places = f"step.places_{gap}"
        self.constants[places] = np.arange(gap, dtype=np.int64)[:, None]
        last = self._add("Add", self._add("Cast", LENGTHS, to=INT64), places)
        last = self._add("GatherElements", node.outputs[0], last, axis=0)
        self._named(f"{state}.next", "Transpose", last, perm=(1, 0))
        self._timed.add(node.outputs[0])

    def _slice(self, node: Node) -> None:
        start, stop, axes = (self.graph.ints(name) for name in node.inputs[1:4])
        maker = next((each for each in self.nodes if node.inputs[0] in each.outputs), None)
        width = 0 if maker is None or maker.op != "Concat" else -stop[0]
        if start != (0,) or axes != (0,) or maker is None or f"step.places_{width}" not in self.constants:
            raise NotForward("the network takes out single words")
        self._keep(node)
