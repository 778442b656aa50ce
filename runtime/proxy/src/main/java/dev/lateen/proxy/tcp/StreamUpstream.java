package dev.lateen.proxy.tcp;

import dev.lateen.proxy.stream.ClientConnection;
import dev.lateen.proxy.stream.ClientStream;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ResponseEvents;
import dev.lateen.proxy.upstream.Lease;
import dev.lateen.proxy.upstream.Waiter;
import dev.lateen.proxycore.ConnectionFaults;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.ResetReason;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.Limit;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint's side that is the content of a request and its answer (RFC 9110 section 9.3.6 for CONNECT): it begins when
 * the endpoint has answered that it is ready, by 200, on HTTP/1.1 by any 2xx, as for Envoy.
 */
final class StreamUpstream implements Upstream, Waiter, ResponseEvents {
    private final Client client;
    private final RequestHead request;
    private final String cluster;
    private final Host host;
    private final Limit requests;
    private final Asker asker;
    private Lease lease = () -> {};
    private @Nullable ClientStream stream;
    private @Nullable Channel way;
    private boolean multiplexed;
    private boolean begun;
    private boolean clientEnded;
    private boolean endpointEnded;
    private boolean over;
    private int unreturned;

    /** Hears one of these, once; none when it gives up first. */
    interface Asker {
        /** The endpoint is ready, at the other end of this connection. */
        void ready(Upstream upstream, Channel way);

        /** It is not. */
        void refused(Fault why);
    }

    /** @param requests of which one was taken, and is given back at the end */
    StreamUpstream(Client client, RequestHead request, String cluster, Host host, Limit requests, Asker asker) {
        this.client = client;
        this.request = request;
        this.cluster = cluster;
        this.host = host;
        this.requests = requests;
        this.asker = asker;
        host.requestStarted();
    }

    /** Takes the wish for a connection back when it is not needed any more. */
    void waits(Lease wish) {
        if (!over && stream == null) {
            lease = wish;
        }
    }

    @Override
    public void connected(ClientConnection connection) {
        multiplexed = connection.protocol().equals("HTTP/2");
        way = connection.channel();
        ClientStream opened = connection.open(this);
        stream = opened;
        opened.head(request, false);
    }

    @Override
    public void failed(ResetReason reason, String detail) {
        refuse(Fault.unconnected(reason, cluster, host.toString(), detail));
    }

    private void refuse(Fault fault) {
        if (!over) {
            end();
            asker.refused(fault);
        }
    }

    // ---- what the endpoint says

    @Override
    public void informational(ResponseHead head) {
        // The final answer is yet to come.
    }

    @Override
    public void head(ResponseHead head, boolean end) {
        Channel connection = way;
        boolean accepted = multiplexed ? head.status() == 200 : head.status() / 100 == 2;
        if (!accepted || connection == null) {
            refuse(ConnectionFaults.tunnelRefused(host.toString(), head.status()));
            return;
        }
        begun = true;
        asker.ready(this, connection);
        if (end) {
            endpointEnded();
        }
    }

    @Override
    public void data(ByteBuf data, boolean end) {
        if (over) {
            data.release();
            return;
        }
        unreturned += data.readableBytes();
        client.write(data);
        if (end) {
            endpointEnded();
        } else {
            resume();
        }
    }

    @Override
    public void trailers(Fields trailers) {
        endpointEnded();
    }

    @Override
    public void reset(Reset reason, String detail) {
        stream = null;
        if (!begun) {
            refuse(Fault.connectFailure(host.toString(), detail));
        } else if (!over) {
            end();
            client.abort();
        }
    }

    /** HTTP/1.1 knows no half of a stream: with the answer's end its connection is gone. */
    private void endpointEnded() {
        if (over) {
            return;
        }
        endpointEnded = true;
        if (multiplexed) {
            client.endOutput(() -> {});
            endWhenBothHave();
        } else {
            end();
            client.finish();
        }
    }

    @Override
    public void writable() {
        client.resume();
    }

    // ---- what the client says

    @Override
    public void write(ByteBuf data) {
        ClientStream open = stream;
        if (open == null) {
            data.release();
        } else {
            open.data(data, false);
        }
    }

    @Override
    public boolean isWritable() {
        ClientStream open = stream;
        return open == null || open.writable();
    }

    @Override
    public void endOutput() {
        ClientStream open = stream;
        if (open != null && !clientEnded) {
            clientEnded = true;
            open.data(Unpooled.EMPTY_BUFFER, true);
            endWhenBothHave();
        }
    }

    @Override
    public void resume() {
        ClientStream open = stream;
        if (open != null && unreturned > 0 && client.writable()) {
            int bytes = unreturned;
            unreturned = 0;
            open.consumed(bytes);
        }
    }

    @Override
    public void finish() {
        end();
    }

    @Override
    public void close() {
        end();
    }

    @Override
    public void abort() {
        end();
    }

    @Override
    public boolean isOpen() {
        return !over;
    }

    // ---- ends

    private void endWhenBothHave() {
        if (clientEnded && endpointEnded) {
            stream = null; // nothing is left to be reset
            end();
        }
    }

    private void end() {
        if (over) {
            return;
        }
        over = true;
        lease.cancel();
        requests.release();
        host.requestEnded(begun);
        ClientStream open = stream;
        stream = null;
        if (open != null) {
            open.reset(Reset.CANCELLED);
        }
        client.upstreamClosed();
    }
}
