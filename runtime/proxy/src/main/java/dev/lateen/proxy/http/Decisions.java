package dev.lateen.proxy.http;

import dev.lateen.proxycore.rbac.Access;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last refusals with their reasons, for those who may look at the proxy from inside; who was refused gets the id
 * alone. Bounded; thread-safe.
 */
public final class Decisions {
    private static final Logger LOG = LoggerFactory.getLogger(Decisions.class);
    private static final int KEPT = 1000;

    /**
     * A refusal.
     *
     * @param subject who wanted what, in one line
     * @param reasons what each policy said, in the order in which they were tried; never with a token or a secret
     */
    public record Decision(String id, Instant at, String subject, List<String> reasons) {
        public Decision {
            reasons = List.copyOf(reasons);
        }

        @Override
        public String toString() {
            return id + " " + at + " refused " + subject + "\n  " + String.join("\n  ", reasons) + "\n";
        }
    }

    private final Map<String, Decision> kept = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Decision> eldest) {
            return size() > KEPT;
        }
    };

    /** Keeps and logs a refusal; gives its id. */
    String refused(Access access, Instant at, List<String> reasons) {
        // An id is no secret and opens nothing: it need not be hard to guess.
        String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        Decision decision = new Decision(id, at, subject(access), reasons);
        synchronized (kept) {
            kept.put(id, decision);
        }
        LOG.info("decision {}: refused {}: {}", id, decision.subject(), String.join("; ", reasons));
        return id;
    }

    private static String subject(Access access) {
        var head = access.head();
        var peer = access.facts().peer();
        String what = head == null
                ? "a connection"
                : head.method() + " " + head.authority() + head.path().replaceFirst("[?#].*", "");
        return what + " to port " + access.facts().destination().getPort() + " from "
                + access.facts().source().getAddress().getHostAddress() + " ("
                + (peer == null ? "no certificate" : String.join(", ", peer.principals())) + ")";
    }

    /** The refusal with this id; null when it is not kept any more. */
    public @Nullable Decision find(String id) {
        synchronized (kept) {
            return kept.get(id);
        }
    }

    /** All that are kept, the newest first. */
    public List<Decision> newestFirst() {
        synchronized (kept) {
            return new ArrayList<>(kept.values()).reversed();
        }
    }
}
