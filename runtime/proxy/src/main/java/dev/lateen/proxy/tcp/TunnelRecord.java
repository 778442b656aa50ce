package dev.lateen.proxy.tcp;

import dev.lateen.proxy.http.ConnectionContext;
import dev.lateen.proxy.http.ConnectionInfo;
import dev.lateen.proxy.http.HttpService;
import dev.lateen.proxy.http.TapLine;
import dev.lateen.proxy.telemetry.RequestTap;
import dev.lateen.proxy.telemetry.TcpSeries;
import dev.lateen.proxycore.listener.TcpProxy;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/** The record of one connection that is only passed on, for metrics, access logs and those who look. One thread. */
final class TunnelRecord implements ConnectionContext {
    private final HttpService service;
    private final TcpProxy config;
    private final ConnectionInfo info;
    private final boolean inbound;
    private @Nullable TcpSeries series;
    private long received;
    private long sent;
    private boolean dropped;

    TunnelRecord(HttpService service, TcpProxy config, ConnectionInfo info, boolean inbound) {
        this.service = service;
        this.config = config;
        this.info = info;
        this.inbound = inbound;
    }

    void connected(Channel upstream) {
        info.upstream().connected(upstream);
        TcpSeries counts = series();
        // What came while there was no endpoint yet.
        counts.received(Math.toIntExact(received));
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

    private TcpSeries series() {
        TcpSeries counts = series;
        if (counts == null) {
            counts = service.telemetry()
                    .opened(
                            inbound,
                            info.facts().peer(),
                            info.upstream().cluster(),
                            info.upstream().host(),
                            info.flags(),
                            config.metrics(),
                            this);
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
        log(config.accessLogs());
        RequestTap tap = service.telemetry().tap();
        if (tap.isOpen()) {
            tap.offer(TapLine.of(this));
        }
    }

    @Override
    public ConnectionInfo info() {
        return info;
    }

    @Override
    public long received() {
        return received;
    }

    @Override
    public long sent() {
        return sent;
    }

    @Override
    public String logType() {
        return "TcpConnectionEnd";
    }
}
