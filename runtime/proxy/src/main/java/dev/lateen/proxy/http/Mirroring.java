package dev.lateen.proxy.http;

import dev.lateen.proxy.config.ActiveConfiguration;
import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.stream.ClientConnection;
import dev.lateen.proxy.stream.ClientStream;
import dev.lateen.proxy.stream.RequestEvents;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ResponseEvents;
import dev.lateen.proxy.upstream.Lease;
import dev.lateen.proxy.upstream.Waiter;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.ResetReason;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.route.Mirror;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends copies of a request elsewhere and forgets them: the request itself never waits for a copy, and no answer or
 * failure of a copy reaches anyone. A copy is sent when the whole request is there; one that is too large is not.
 */
final class Mirroring implements RequestEvents {
    private static final int MAX_COPY = 1 << 20;
    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(15);

    private final HttpService service;
    private final RequestEvents main;
    private final RequestHead head;
    private final List<Mirror> mirrors;
    private final ActiveConfiguration configuration;
    private final ConnectionFacts facts;
    private final RequestBody copy = new RequestBody(true, MAX_COPY);

    Mirroring(
            HttpService service,
            RequestExchange main,
            RequestHead head,
            List<Mirror> mirrors,
            ActiveConfiguration configuration,
            ConnectionFacts facts,
            boolean end) {
        this.service = service;
        this.main = main;
        this.head = head.copy();
        this.mirrors = mirrors;
        this.configuration = configuration;
        this.facts = facts;
        main.onEnd(copy::release); // an answer may come before the request is complete, which is heard by nobody then
        if (end) {
            copy.end(null);
            send();
        }
    }

    @Override
    public void data(ByteBuf data, boolean end) {
        if (copy.replayable()) {
            copy.add(data.retainedDuplicate(), end);
            if (!copy.replayable()) {
                copy.release(); // too large to be copied
            } else if (end) {
                send();
            }
        }
        main.data(data, end);
    }

    @Override
    public void trailers(Fields trailers) {
        if (copy.replayable()) {
            copy.end(trailers);
            send();
        }
        main.trailers(trailers);
    }

    @Override
    public void reset(Reset reason, String detail) {
        copy.release();
        main.reset(reason, detail);
    }

    @Override
    public void writable() {
        main.writable();
    }

    private void send() {
        for (Mirror mirror : mirrors) {
            LiveCluster cluster = configuration.clusters().get(mirror.cluster(head));
            Host host = cluster == null ? null : ConnectionRequests.pick(cluster, service, facts);
            if (cluster != null && host != null) {
                RequestHead copied = head.copy();
                copied.authority(mirror.host(copied.authority()));
                new Copy(host, copied, copy.duplicate()).start(cluster);
            }
            // A copy without anywhere to go is lost in silence for its caller, as Envoy's shadows are: the cluster's
            // membership_healthy tells.
        }
        copy.release();
    }

    /** One copy on its way. */
    private final class Copy implements Waiter, ResponseEvents {
        private final Host host;
        private final RequestHead request;
        private final RequestBody content;
        private @Nullable ClientStream stream;
        private Timer.Timeout timeout = () -> {};
        private Lease lease = () -> {};
        private boolean over;

        Copy(Host host, RequestHead request, RequestBody content) {
            this.host = host;
            this.request = request;
            this.content = content;
        }

        void start(LiveCluster cluster) {
            host.requestStarted();
            timeout = service.worker().timer().after(TIMEOUT_NANOS, () -> end(false));
            lease = service.pools().acquire(cluster, host, Priority.DEFAULT, false, facts, this);
        }

        private void end(boolean success) {
            if (over) {
                return;
            }
            over = true;
            timeout.cancel();
            lease.cancel();
            content.release();
            host.requestEnded(success);
            ClientStream open = stream;
            stream = null;
            if (open != null) {
                open.reset(Reset.CANCELLED);
            }
        }

        @Override
        public void connected(ClientConnection connection) {
            ClientStream opened = connection.open(this);
            stream = opened;
            boolean bare = content.isEmpty();
            opened.head(request, bare);
            if (!bare) {
                content.sendTo(opened);
            }
        }

        @Override
        public void failed(ResetReason reason, String detail) {
            end(false);
        }

        @Override
        public void informational(ResponseHead informational) {
            // A copy's answer is read by nobody.
        }

        @Override
        public void head(ResponseHead response, boolean end) {
            if (end) {
                stream = null;
                end(true);
            }
        }

        @Override
        public void data(ByteBuf data, boolean end) {
            int bytes = data.readableBytes();
            data.release();
            ClientStream open = stream;
            if (end) {
                stream = null;
                end(true);
            } else if (open != null) {
                open.consumed(bytes);
            }
        }

        @Override
        public void trailers(Fields trailers) {
            stream = null;
            end(true);
        }

        @Override
        public void reset(Reset reason, String detail) {
            stream = null;
            end(false);
        }

        @Override
        public void writable() {
            // The whole copy was written at once; the socket's buffer holds what the peer has not taken.
        }
    }
}
