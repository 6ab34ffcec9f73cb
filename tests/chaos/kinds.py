"""The kinds of fault, each a function of a scene."""

import signal
import subprocess
import sys
from collections.abc import Callable

from tests.chaos.scene import Scene, pause

SESSION_SECONDS = 6.0
DRAIN_SECONDS = 60
RECOVERED_BY_SECONDS = 60
FAULTY = (sys.executable, "-m", "tests.chaos.faulty_worker")

Kind = Callable[[Scene], None]


def kill_workers(scene: Scene) -> None:
    """Kill -9 of a worker at random moments; another takes its place."""
    cluster = scene.cluster
    for _ in range(2):
        cluster.start_worker()
    gateway = cluster.start_gateway(scene.city.folder)
    for share in (0.1, 0.3, 0.5):
        scene.wait_share(share, share + 0.1)
        victim = scene.random.choice([one for one in cluster.workers if one.poll() is None])
        scene.hit(f"kill -9 of worker {victim.pid}", victim.kill)
        cluster.start_worker()
    _delivered(scene, gateway)


def kill_after_commit(scene: Scene) -> None:
    """Kill -9 of a worker between commit and acknowledgement, five times."""
    cluster = scene.cluster
    gateway = cluster.start_gateway(scene.city.folder)
    told = cluster.folder / "killed.log"
    for _ in range(5):
        batches = str(scene.random.randint(5, 60))
        worker = cluster.start_worker(
            *FAULTY, "killed-after-commit", cluster.topic, batches, str(told)
        )
        assert -signal.SIGKILL == worker.wait(DRAIN_SECONDS), cluster.state()
        scene.hit(f"kill -9 after {batches} commits")
    assert 5 == len(told.read_text(encoding="ascii").splitlines())
    cluster.start_worker()
    _delivered(scene, gateway)


def kill_gateway(scene: Scene) -> None:
    """Kill -9 of the gateway in the middle of a file; started again it delivers the whole."""
    cluster = scene.cluster
    cluster.start_worker()
    gateway = cluster.start_gateway(scene.city.folder)
    for share in (0.1, 0.4):
        scene.kill_gateway(gateway, share, share + 0.2)
        gateway = cluster.start_gateway(scene.city.folder)
    _delivered(scene, gateway)


def rescale(scene: Scene) -> None:
    """One worker, then three, then one, during load."""
    cluster = scene.cluster
    first = cluster.start_worker()
    gateway = cluster.start_gateway(scene.city.folder)
    scene.wait_share(0.1, 0.2)
    scene.hit("1 to 3 workers")
    gateway.send_signal(signal.SIGSTOP)  # or all would be handled before the others have begun
    others = [cluster.start_worker(), cluster.start_worker()]
    cluster.wait_joined()
    gateway.send_signal(signal.SIGCONT)
    scene.wait_share(0.35, 0.5)
    scene.hit("3 to 1 workers")
    first.terminate()
    others[0].terminate()
    for one in (first, others[0]):
        assert 0 == one.wait(DRAIN_SECONDS), cluster.state()
    _delivered(scene, gateway)


def kill_broker(scene: Scene) -> None:
    """Kill -9 of the broker, which is started again after some seconds."""
    cluster = scene.cluster
    for _ in range(2):
        cluster.start_worker()
    gateway = cluster.start_gateway(scene.city.folder)
    scene.wait_share(0.2, 0.5)
    scene.hit("kill -9 of the broker", scene.kafka.kill)
    pause(scene.random.uniform(1, 4))
    scene.kafka.start()
    _delivered(scene, gateway)


def kill_database(scene: Scene) -> None:
    """Kill -9 of the database, which is started again after some seconds."""
    cluster = scene.cluster
    for _ in range(2):
        cluster.start_worker()
    gateway = cluster.start_gateway(scene.city.folder)
    scene.wait_share(0.2, 0.5)
    scene.hit("kill -9 of the database", scene.postgres.kill)
    pause(scene.random.uniform(1, 4))
    scene.postgres.start()
    _delivered(scene, gateway)


def zombie(scene: Scene) -> None:
    """A worker is stopped past its session and goes on when another owns its partitions."""
    cluster = scene.cluster
    victim = cluster.start_worker()
    gateway = cluster.start_gateway(scene.city.folder)
    scene.wait_share(0.1, 0.3)
    victim.send_signal(signal.SIGSTOP)
    scene.hit(f"SIGSTOP of worker {victim.pid}")
    before = cluster.handled()
    cluster.start_worker()
    cluster.wait_handled(before + 20, RECOVERED_BY_SECONDS)
    scene.hit("another owns its partitions")
    victim.send_signal(signal.SIGCONT)
    _delivered(scene, gateway)


def zombie_in_transaction(scene: Scene) -> None:
    """A worker is stopped with a batch written but not committed, and goes on much later.

    Its open transaction keeps others from the same rows until the database ends it.
    """
    cluster = scene.cluster
    told = cluster.folder / "stopped.log"
    batches = str(scene.random.randint(20, 150))
    victim = cluster.start_worker(
        *FAULTY, "stopped-before-offset", cluster.topic, batches, str(told)
    )
    gateway = cluster.start_gateway(scene.city.folder)
    cluster.wait_until(told.exists)
    scene.hit(f"SIGSTOP of worker {victim.pid} in a transaction")
    before = cluster.handled()
    cluster.start_worker()
    cluster.wait_handled(before + 20, RECOVERED_BY_SECONDS)
    scene.hit("another owns its partitions")
    victim.send_signal(signal.SIGCONT)
    _delivered(scene, gateway)


KINDS: tuple[Kind, ...] = (
    kill_workers,
    kill_after_commit,
    kill_gateway,
    rescale,
    kill_broker,
    kill_database,
    zombie,
    zombie_in_transaction,
)


def _delivered(scene: Scene, gateway: subprocess.Popen[bytes]) -> None:
    """Wait for the gateway; one that gave up is started again, as an operator would."""
    code = gateway.wait(DRAIN_SECONDS)
    scene.log.append(f"gateway ended with {code}")
    if code not in (0, 3):
        scene.cluster.deliver(scene.city.folder)
