package dev.lateen.proxy.health;

import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.upstream.UpstreamSockets;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.OutlierDetector;
import dev.lateen.proxycore.health.HealthCheck;
import dev.lateen.proxycore.health.HealthCheck.Question;
import dev.lateen.proxycore.health.HostHealth;
import dev.lateen.proxycore.health.HostHealth.Outcome;
import java.net.InetSocketAddress;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks one host again and again. One event loop. */
final class HostChecker {
    private static final Logger LOG = LoggerFactory.getLogger(HostChecker.class);

    private final Worker worker;
    private final RandomGenerator random;
    private final LiveCluster cluster;
    private final Host host;
    private final HealthCheck check;
    private final HostHealth health;
    private final Asker asker;
    private Timer.Timeout next = () -> {};
    private Timer.Timeout timeout = () -> {};
    private int asked;
    private boolean waits;
    private boolean stopped;

    /** Puts the question. */
    interface Asker {
        /** Asks; tells {@link HostChecker#heard} with the same number when it knows. */
        void ask(int number);

        /** Gives up what was asked, and lets go of its connection. */
        void abandon();
    }

    HostChecker(
            Worker worker,
            UpstreamSockets sockets,
            RandomGenerator random,
            LiveCluster cluster,
            Host host,
            HealthCheck check) {
        this.worker = worker;
        this.random = random;
        this.cluster = cluster;
        this.host = host;
        this.check = check;
        health = new HostHealth(check);
        InetSocketAddress address = host.endpoint().check().port() == 0
                ? host.address()
                : new InetSocketAddress(
                        host.address().getAddress(), host.endpoint().check().port());
        asker = switch (check.question()) {
            case Question.Http http ->
                HttpAsker.http(this, worker, sockets, cluster.config(), host, address, http, check.reuse());
            case Question.Grpc grpc ->
                HttpAsker.grpc(this, worker, sockets, cluster.config(), host, address, grpc, check.reuse());
            case Question.Tcp tcp -> new TcpAsker(this, worker, sockets, cluster.config(), host, address, tcp);
        };
    }

    void start() {
        next = worker.timer().after(health.firstPause(random), this::ask);
    }

    void stop() {
        stopped = true;
        next.cancel();
        timeout.cancel();
        asker.abandon();
    }

    private void ask() {
        asked++;
        waits = true;
        int number = asked;
        timeout = worker.timer().after(check.timeout().toNanos(), () -> {
            asker.abandon();
            heard(number, Outcome.NO_ANSWER, "no answer in " + check.timeout().toMillis() + " ms");
        });
        asker.ask(number);
    }

    /** A check has ended. */
    void heard(int number, Outcome outcome, String detail) {
        if (stopped || !waits || number != asked) {
            return;
        }
        waits = false;
        timeout.cancel();
        boolean before = health.well();
        if (health.heard(outcome)) {
            cluster.hosts().checked(host, health.well());
        }
        OutlierDetector detector = cluster.outlier();
        if (outcome == Outcome.WELL && health.well() && detector != null) {
            OutlierDetector.Event restored =
                    detector.checkedWell(host, worker.timer().nanoTime());
            if (restored != null) {
                LOG.info(
                        "outlier detection: {}: {}, by its health check",
                        cluster.config().name(),
                        restored);
            }
        }
        if (before != health.well()) {
            LOG.info(
                    "health check: {}: {} is {}{}",
                    cluster.config().name(),
                    host,
                    health.well() ? "well" : "not well: ",
                    health.well() ? "" : detail);
        }
        boolean used = cluster.hosts().current().all().stream()
                .anyMatch(each -> each.totals().connections() > 0);
        next = worker.timer().after(health.nextPause(used, random), this::ask);
    }
}
