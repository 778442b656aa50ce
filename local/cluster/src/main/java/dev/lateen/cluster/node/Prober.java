package dev.lateen.cluster.node;

import io.fabric8.kubernetes.api.model.Probe;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs one probe of one run of a container until it is interrupted, and tells each change of the verdict. */
final class Prober {
    private final Probe probe;
    private final ProbeCheck check;

    Prober(Probe probe, ProbeCheck check) {
        this.probe = probe;
        this.check = check;
    }

    /**
     * Checks for ever; ends when interrupted.
     *
     * @param failed is told why each single check failed
     * @param verdict is told the verdict when enough checks in a row agree on it: the first time and when it changes
     */
    void run(Consumer<String> failed, Consumer<Boolean> verdict) throws InterruptedException {
        Thread.sleep(Duration.ofSeconds(number(probe.getInitialDelaySeconds(), 0)));
        Boolean now = null;
        int successes = 0;
        int failures = 0;
        while (true) {
            String problem = once();
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            if (problem == null) {
                successes++;
                failures = 0;
            } else {
                successes = 0;
                failures++;
                failed.accept(problem);
            }
            Boolean next = successes >= number(probe.getSuccessThreshold(), 1)
                    ? Boolean.TRUE
                    : failures >= number(probe.getFailureThreshold(), 3) ? Boolean.FALSE : now;
            if (next != null && !next.equals(now)) {
                now = next;
                verdict.accept(next);
            }
            Thread.sleep(Duration.ofSeconds(number(probe.getPeriodSeconds(), 10)));
        }
    }

    private @Nullable String once() {
        Duration limit = Duration.ofSeconds(number(probe.getTimeoutSeconds(), 1));
        if (probe.getExec() != null) {
            return check.exec(probe.getExec(), limit);
        } else if (probe.getHttpGet() != null) {
            return check.http(probe.getHttpGet(), limit);
        } else if (probe.getTcpSocket() != null) {
            return check.tcp(probe.getTcpSocket(), limit);
        } else if (probe.getGrpc() != null) {
            return check.grpc(probe.getGrpc(), limit);
        }
        return null;
    }

    private static int number(@Nullable Integer value, int otherwise) {
        return value == null ? otherwise : value;
    }
}
