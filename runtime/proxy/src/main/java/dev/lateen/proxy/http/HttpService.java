package dev.lateen.proxy.http;

import dev.lateen.proxy.config.ActiveConfiguration;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.telemetry.LoopTelemetry;
import dev.lateen.proxy.upstream.ConnectionPools;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

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
 */
public record HttpService(
        Worker worker,
        ConnectionPools pools,
        Supplier<ActiveConfiguration> configuration,
        RandomGenerator random,
        LoopTelemetry telemetry,
        AccessLogSink log,
        java.time.InstantSource clock) {}
