package dev.lateen.proxy.tcp;

import dev.lateen.proxy.http.AccessLogLine;
import dev.lateen.proxy.http.ConnectionFormat;
import dev.lateen.proxy.http.HttpService;
import dev.lateen.proxy.http.TapLine;
import dev.lateen.proxy.telemetry.RequestTap;
import dev.lateen.proxy.telemetry.TcpSeries;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.format.Operator;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.listener.AccessLog;
import dev.lateen.proxycore.listener.TcpProxy;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What is known of one connection that is only passed on, for metrics, access logs and those who look. One thread. */
final class TunnelRecord implements FormatContext {
    private final HttpService service;
    private final TcpProxy config;
    private final ConnectionFacts facts;
    private final boolean inbound;
    private final Instant started;
    private final long startedNanos;
    private String cluster = "";
    private @Nullable Host host;
    private @Nullable TcpSeries series;
    private @Nullable InetSocketAddress local;
    private long flags;
    private long received;
    private long sent;
    private boolean dropped;
    private @Nullable String termination;

    TunnelRecord(HttpService service, TcpProxy config, ConnectionFacts facts, boolean inbound) {
        this.service = service;
        this.config = config;
        this.facts = facts;
        this.inbound = inbound;
        started = service.clock().instant();
        startedNanos = service.worker().timer().nanoTime();
    }

    void cluster(String name) {
        cluster = name;
    }

    void host(Host chosen) {
        host = chosen;
    }

    void connected(SocketAddress from) {
        local = from instanceof InetSocketAddress address ? address : null;
        TcpSeries counts = series();
        // What came while there was no endpoint yet.
        counts.received(Math.toIntExact(received));
    }

    void flag(ResponseFlag flag) {
        flags |= flag.bit();
    }

    /** This proxy ended it, for this reason. */
    void terminated(String why) {
        termination = why;
    }

    void received(int bytes) {
        received += bytes;
        TcpSeries counts = series;
        if (counts != null) {
            counts.received(bytes);
        }
    }

    void sent(int bytes) {
        sent += bytes;
        series().sent(bytes);
    }

    private long millis() {
        return (service.worker().timer().nanoTime() - startedNanos) / 1_000_000;
    }

    private TcpSeries series() {
        TcpSeries counts = series;
        if (counts == null) {
            counts = service.telemetry().opened(inbound, facts.peer(), cluster, host, flags, config.metrics(), this);
            series = counts;
        }
        return counts;
    }

    /** The connection was none that is only passed on. */
    void drop() {
        dropped = true;
    }

    boolean dropped() {
        return dropped;
    }

    /** The connection is over: counts it, writes its lines and shows it. */
    void ended() {
        if (dropped) {
            return;
        }
        series().closed();
        for (AccessLog log : config.accessLogs()) {
            if (log.filter().takes(0, flags, millis(), this, service.random())) {
                service.log().write(log.path(), AccessLogLine.of(log, this));
            }
        }
        RequestTap tap = service.telemetry().tap();
        if (tap.isOpen()) {
            tap.offer(TapLine.of(this));
        }
    }

    @Override
    public @Nullable RequestHead request() {
        return null;
    }

    @Override
    public @Nullable ResponseHead response() {
        return null;
    }

    @Override
    public @Nullable Fields trailers() {
        return null;
    }

    @Override
    public @Nullable String value(Operator operator, String argument) {
        return switch (operator) {
            case RESPONSE_CODE -> "0";
            case RESPONSE_FLAGS -> ResponseFlag.shortNames(flags);
            case RESPONSE_FLAGS_LONG -> ResponseFlag.longNames(flags);
            case BYTES_RECEIVED -> Long.toString(received);
            case BYTES_SENT -> Long.toString(sent);
            case DURATION -> Long.toString(millis());
            case UPSTREAM_CLUSTER, UPSTREAM_CLUSTER_RAW -> cluster.isEmpty() ? null : cluster;
            case CONNECTION_TERMINATION_DETAILS -> termination;
            case ACCESS_LOG_TYPE -> "TcpConnectionEnd";
            default -> ConnectionFormat.value(facts, started, service.clock(), host, local, operator, argument);
        };
    }
}
