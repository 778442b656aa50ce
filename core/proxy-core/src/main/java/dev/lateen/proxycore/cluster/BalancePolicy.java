package dev.lateen.proxycore.cluster;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LeastRequestLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.MaglevLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.RingHashLbConfig;
import org.jspecify.annotations.Nullable;

/** How a cluster's hosts share its requests (Envoy documentation, supported load balancers). */
public sealed interface BalancePolicy {
    /** One after the other, by weight. */
    record RoundRobin(@Nullable SlowStart slowStart) implements BalancePolicy {}

    /**
     * The one with the fewest active requests of some chosen at random; with different weights, weight divided by
     * active requests decides.
     *
     * @param choices how many are looked at, at least 2
     * @param bias exponent of the active requests when weights differ
     */
    record LeastRequest(int choices, double bias, @Nullable SlowStart slowStart) implements BalancePolicy {}

    /** Any, at random, without regard to weights. */
    record Random() implements BalancePolicy {}

    /** By hash, on a ring of so many points. */
    record RingHash(long minimumSize, long maximumSize) implements BalancePolicy {}

    /** By hash, from a table whose size is prime. */
    record Maglev(int tableSize) implements BalancePolicy {}

    /** The address that the client dialled, or that was looked up for it. */
    record OriginalDestination() implements BalancePolicy {}

    static BalancePolicy of(Cluster proto, Place at) throws CompileException {
        return switch (proto.getLbPolicy()) {
            case ROUND_ROBIN -> {
                Place here = at.field("round_robin_lb_config");
                var config = proto.getRoundRobinLbConfig();
                yield new RoundRobin(SlowStart.of(
                        config.hasSlowStartConfig(), config.getSlowStartConfig(), here.field("slow_start_config")));
            }
            case LEAST_REQUEST -> leastRequest(proto.getLeastRequestLbConfig(), at.field("least_request_lb_config"));
            case RANDOM -> new Random();
            case RING_HASH -> ringHash(proto.getRingHashLbConfig(), at.field("ring_hash_lb_config"));
            case MAGLEV -> maglev(proto.getMaglevLbConfig(), at.field("maglev_lb_config"));
            case CLUSTER_PROVIDED -> {
                if (proto.getType() != Cluster.DiscoveryType.ORIGINAL_DST && !proto.hasClusterType()) {
                    throw at.field("lb_policy")
                            .refuse("only clusters of type ORIGINAL_DST, or of a type of their own, provide one");
                }
                yield new OriginalDestination();
            }
            case LOAD_BALANCING_POLICY_CONFIG, UNRECOGNIZED ->
                throw at.field("lb_policy").refuse("not supported: " + proto.getLbPolicy());
        };
    }

    private static BalancePolicy leastRequest(LeastRequestLbConfig proto, Place at) throws CompileException {
        int choices = proto.hasChoiceCount() ? at.number(proto.getChoiceCount()) : 2;
        double bias =
                proto.hasActiveRequestBias() ? proto.getActiveRequestBias().getDefaultValue() : 1.0;
        if (choices < 2) {
            throw at.field("choice_count").refuse("must be at least 2");
        }
        if (bias < 0) {
            throw at.field("active_request_bias").refuse("must not be negative");
        }
        return new LeastRequest(
                choices,
                bias,
                SlowStart.of(proto.hasSlowStartConfig(), proto.getSlowStartConfig(), at.field("slow_start_config")));
    }

    private static BalancePolicy ringHash(RingHashLbConfig proto, Place at) throws CompileException {
        if (proto.getHashFunction() != RingHashLbConfig.HashFunction.XX_HASH) {
            throw at.field("hash_function").refuse("only XX_HASH is supported");
        }
        long limit = 8L << 20;
        long minimum = proto.hasMinimumRingSize() ? proto.getMinimumRingSize().getValue() : 1024;
        long maximum = proto.hasMaximumRingSize() ? proto.getMaximumRingSize().getValue() : limit;
        if (minimum < 0 || maximum < 1 || minimum > limit || maximum > limit || minimum > maximum) {
            throw at.refuse("minimum_ring_size " + minimum + " and maximum_ring_size " + maximum
                    + " must be in order and at most " + limit);
        }
        return new RingHash(minimum, maximum);
    }

    private static BalancePolicy maglev(MaglevLbConfig proto, Place at) throws CompileException {
        long size = proto.hasTableSize() ? proto.getTableSize().getValue() : 65_537;
        if (size < 2 || size > 5_000_011 || !isPrime(size)) {
            throw at.field("table_size").refuse("not a prime number of at most 5000011: " + size);
        }
        return new Maglev((int) size);
    }

    private static boolean isPrime(long number) {
        for (long divisor = 2; divisor * divisor <= number; divisor++) {
            if (number % divisor == 0) {
                return false;
            }
        }
        return true;
    }
}
