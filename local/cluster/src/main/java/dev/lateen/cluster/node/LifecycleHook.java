package dev.lateen.cluster.node;

import io.fabric8.kubernetes.api.model.LifecycleHandler;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a container asks to have done after its start or before its end (Kubernetes, "Container lifecycle hooks"). */
record LifecycleHook(LifecycleHandler handler, ProbeCheck check) {
    /** Does it, for as long as the limit allows; why it failed, or null. */
    @Nullable
    String run(Duration limit) {
        if (handler.getExec() != null) {
            return check.exec(handler.getExec(), limit);
        } else if (handler.getHttpGet() != null) {
            return check.http(handler.getHttpGet(), limit);
        } else if (handler.getTcpSocket() != null) {
            return check.tcp(handler.getTcpSocket(), limit);
        } else if (handler.getSleep() != null) {
            try {
                Duration wanted = Duration.ofSeconds(handler.getSleep().getSeconds());
                Thread.sleep(wanted.compareTo(limit) > 0 ? limit : wanted);
            } catch (InterruptedException e) {
                // The run that asked for it is over.
                Thread.currentThread().interrupt();
            }
        }
        return null;
    }
}
