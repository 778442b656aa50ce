package dev.lateen.config.networking;

import dev.lateen.config.shape.AtLeast;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Inline;
import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Named;
import dev.lateen.config.shape.Outdated;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** How requests are shared out among endpoints (networking.istio.io LoadBalancerSettings). */
public record LoadBalancer(
        @Inline @Nullable Policy policy,
        @Nullable LocalitySetting localityLbSetting,

        @Later("balancing by the callers of each zone") @Nullable
        JsonNode zoneAwareLbSetting,

        @Outdated("write warmup: {duration: …}") @AtLeast("1ms") @Nullable
        Duration warmupDurationSecs,

        @Nullable Warmup warmup)
        implements Checked {
    /** Where there is a slow start, it is of this, null without one. */
    public @Nullable Warmup effectiveWarmup() {
        return warmup == null && warmupDurationSecs != null ? new Warmup(warmupDurationSecs, null, null) : warmup;
    }

    /** For who has no outlierDetection, without which no endpoint is ever known to fail. */
    void warnOfFailover(String path, Findings findings) {
        boolean fails = localityLbSetting != null
                && (!localityLbSetting.failover().isEmpty()
                        || !localityLbSetting.failoverPriority().isEmpty());
        if (fails) {
            findings.warning(path + ".localityLbSetting", "fails over only beside outlierDetection, which is missing");
        }
    }

    @Override
    public void check(Findings findings) {
        if (effectiveWarmup() == null) {
            return;
        }
        String field = warmup == null ? "warmupDurationSecs" : "warmup";
        if (warmup != null && warmupDurationSecs != null) {
            findings.warning("warmupDurationSecs", "has no effect beside warmup");
        }
        String other =
                switch (policy) {
                    case Policy.Hashed _ -> "consistentHash";
                    case Policy.Simple(var algorithm)
                    when algorithm == Algorithm.RANDOM || algorithm == Algorithm.PASSTHROUGH -> algorithm.name();
                    case null, default -> "";
                };
        if (!other.isEmpty()) {
            findings.warning(field, "has no effect with " + other + ": only ROUND_ROBIN and LEAST_REQUEST have it");
        }
    }

    /**
     * Endpoints that are new come to their share slowly.
     *
     * @param duration how long it takes
     * @param minimumPercent of their share at the beginning; null means 10
     * @param aggression 1 for a share that grows steadily, more for one that grows faster at first; null means 1
     */
    public record Warmup(
            @Required @AtLeast("1ms") Duration duration,
            @Nullable Double minimumPercent,
            @Nullable Double aggression) implements Checked {
        @Override
        public void check(Findings findings) {
            if (minimumPercent != null && !(minimumPercent >= 0 && minimumPercent <= 100)) {
                findings.error("minimumPercent", "must be from 0 to 100, found " + minimumPercent);
            }
            if (aggression != null && !(aggression > 0)) {
                findings.error("aggression", "must be more than 0, found " + aggression);
            }
        }
    }

    /** The algorithm. */
    public sealed interface Policy {
        /** One without parameters. */
        record Simple(@Required Algorithm simple) implements Policy {}

        /** Requests of one key go to one endpoint. */
        record Hashed(@Named("consistentHash") @Required ConsistentHash hash) implements Policy {}
    }

    /** Algorithms without parameters. */
    public enum Algorithm {
        UNSPECIFIED,
        @Outdated("write LEAST_REQUEST")
        LEAST_CONN,
        RANDOM,
        PASSTHROUGH,
        ROUND_ROBIN,
        LEAST_REQUEST
    }

    /**
     * Hashing of a key.
     *
     * @param table null means a ring
     */
    public record ConsistentHash(
            @Inline @Required HashKey key,
            @Inline @Nullable HashTable table,

            @Range(min = 0) @Outdated("write ringHash: {minimumRingSize: N}")
            long minimumRingSize)
            implements Checked {
        @Override
        public void check(Findings findings) {
            if (minimumRingSize != 0 && table != null) {
                findings.error("minimumRingSize", "excludes ringHash and maglev: write ringHash: {minimumRingSize: N}");
            }
        }
    }

    /** What is hashed; a request without it goes to any endpoint. */
    public sealed interface HashKey {
        /** A header field. */
        record Header(@Required String httpHeaderName) implements HashKey {}

        /** A cookie, which the proxy sets when it is missing and has a life time. */
        record Cookie(@Required HttpCookie httpCookie) implements HashKey {}

        /** The caller's address. */
        record SourceIp(boolean useSourceIp) implements HashKey, Checked {
            @Override
            public void check(Findings findings) {
                if (!useSourceIp) {
                    findings.error("useSourceIp", "must be true, or left out beside another key");
                }
            }
        }

        /** A parameter of the query. */
        record QueryParameter(@Required String httpQueryParameterName) implements HashKey {}
    }

    /**
     * A cookie.
     *
     * @param ttl life time of the cookie that the proxy makes, zero for the browser's session; null makes none
     */
    public record HttpCookie(
            @Required String name, String path, @Nullable Duration ttl, List<CookieAttribute> attributes)
            implements Checked {
        @Override
        public void check(Findings findings) {
            Set<String> names = new HashSet<>();
            for (int i = 0; i < attributes.size(); i++) {
                if (!names.add(attributes.get(i).name())) {
                    findings.error(
                            "attributes[" + i + "].name",
                            "\"" + attributes.get(i).name() + "\" is given twice");
                }
            }
        }
    }

    /**
     * A further attribute of the cookie that the proxy makes.
     *
     * @param value empty for an attribute without one, such as {@code Secure}
     */
    public record CookieAttribute(@Required String name, String value) {}

    /** How hashes find endpoints. */
    public sealed interface HashTable {
        /** Ketama's ring. */
        record Ring(@Named("ringHash") @Required RingHash ring) implements HashTable {}

        /** Maglev's table. */
        record Table(@Named("maglev") @Required Maglev maglev) implements HashTable {}
    }

    /** Size of a ring; 0 means 1024. */
    public record RingHash(@Range(min = 0, max = 8_388_608) long minimumRingSize) {}

    /** Size of a table, a prime; 0 means 65537. */
    public record Maglev(@Range(min = 0, max = 5_000_011) long tableSize) implements Checked {
        @Override
        public void check(Findings findings) {
            if (tableSize != 0 && !java.math.BigInteger.valueOf(tableSize).isProbablePrime(50)) {
                findings.error("tableSize", "must be a prime, found " + tableSize);
            }
        }
    }
}
