package dev.lateen.proxy.http;

import dev.lateen.proxy.net.Timer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the log that services which requests wait for fail: for each service once, and then at most every ten seconds, with
 * how often it was, for a service that is away fails with every request. One event loop.
 */
public final class ServiceFailures {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceFailures.class);
    static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Timer timer;
    private final Map<String, Said> services = new HashMap<>();

    private static final class Said {
        private long at;
        private long since;
    }

    public ServiceFailures(Timer timer) {
        this.timer = timer;
    }

    /**
     * A call failed.
     *
     * @param what the service was asked, and what its cluster is called
     * @return whether it was said
     */
    boolean failed(String what, String reason) {
        long now = timer.nanoTime();
        Said said = services.get(what);
        if (said == null) {
            said = new Said();
            services.put(what, said);
        } else if (now - said.at < PAUSE_NANOS) {
            said.since++;
            return false;
        }
        LOG.warn("{} say nothing: {}{}", what, reason, said.since == 0 ? "" : "; and " + said.since + " times before");
        said.at = now;
        said.since = 0;
        return true;
    }
}
