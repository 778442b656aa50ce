package dev.lateen.proxy.http;

import dev.lateen.proxy.config.ActiveConfiguration;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.overload.OverloadMonitor;
import dev.lateen.proxy.telemetry.LoopTelemetry;
import dev.lateen.proxy.upstream.ConnectionPools;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.filter.FilterFaults;
import dev.lateen.proxycore.rbac.Access;
import dev.lateen.proxycore.rbac.AccessRules;
import dev.lateen.proxycore.retry.RetryDepth;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What requests of one worker share.
 *
 * @param worker the event loop
 * @param pools its connections to endpoints
 * @param configuration what is in force
 * @param random for shares, weights and back-offs; used on this event loop only
 * @param telemetry counts what passes, and traces it
 * @param log takes lines of access logs, without blocking
 * @param clock the time of day
 * @param decisions keeps refusals with their reasons
 * @param localCluster the name of this proxy's own workload, as its node has it
 * @param overload says what is refused while the process is short of memory
 * @param failures says which services fail that requests wait for
 * @param retryDepth keeps layers of proxies from retrying one above the other; of all workers
 * @param faults how this proxy says who is to blame
 */
public record HttpService(
        Worker worker,
        ConnectionPools pools,
        Supplier<ActiveConfiguration> configuration,
        RandomGenerator random,
        LoopTelemetry telemetry,
        AccessLogSink log,
        java.time.InstantSource clock,
        Decisions decisions,
        String localCluster,
        OverloadMonitor overload,
        ServiceFailures failures,
        RetryDepth retryDepth,
        Faults faults) {
    /**
     * How a proxy says who is to blame that no app answered.
     *
     * @param by its name there: pod and namespace, joined by a dot
     * @param anybody whether it tells everybody who asks; otherwise the mesh's own only
     */
    public record Faults(String by, boolean anybody) {}

    /** A random UUID (RFC 9562 5.4); it need not be hard to guess, but cheap. */
    String uuid() {
        long high = random.nextLong() & ~0xF000L | 0x4000L;
        long low = random.nextLong() & ~0xC000_0000_0000_0000L | 0x8000_0000_0000_0000L;
        return new UUID(high, low).toString();
    }

    /** What keeps a connection from beginning, the first of these rules; null when none does. It is kept with its reasons. */
    public @Nullable Fault refusal(ConnectionFacts facts, List<AccessRules> rules) {
        for (AccessRules each : rules) {
            Access access = Access.of(facts);
            AccessRules.Verdict verdict = each.decide(access);
            if (!verdict.allowed()) {
                return FilterFaults.deniedConnection(
                        verdict.details(), decisions.refused(access, clock.instant(), each.explain(access)));
            }
        }
        return null;
    }
}
