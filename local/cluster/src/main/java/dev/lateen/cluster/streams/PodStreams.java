package dev.lateen.cluster.streams;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import java.io.IOException;
import java.time.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The streaming subresources of pods, as {@code kubectl} and the client libraries speak them: log, exec, attach and
 * port-forward. The API server calls it on the connection's event loop after authentication and authorisation; nothing
 * here blocks that loop, each stream runs on virtual threads and ends when either side does.
 */
public final class PodStreams {
    private static final Logger LOG = LoggerFactory.getLogger(PodStreams.class);

    private final NodeStreams node;
    private final PodLookup pods;
    private final Clock clock;

    /** Streams to the pods of a node; {@code pods} tells which pods are stored. */
    public PodStreams(NodeStreams node, PodLookup pods) {
        this(node, pods, Clock.systemUTC());
    }

    PodStreams(NodeStreams node, PodLookup pods, Clock clock) {
        this.node = node;
        this.pods = pods;
        this.clock = clock;
    }

    /**
     * Answers {@code pods/exec}, {@code pods/attach} or {@code pods/portforward}: switches the connection to the
     * protocol that the request asks for and takes over its pipeline (all handlers but TLS are removed), or writes an
     * error. The request may be released when this returns.
     *
     * @param subresource {@code exec}, {@code attach} or {@code portforward}
     */
    public void upgrade(
            ChannelHandlerContext ctx, FullHttpRequest request, String namespace, String pod, String subresource) {
        String uri = request.uri();
        HttpHeaders headers = request.headers().copy();
        Thread.ofVirtual().name(subresource + " " + namespace + "/" + pod).start(() -> {
            try {
                PodTarget target = pods.find(namespace, pod);
                if (target == null) {
                    var _ = ctx.writeAndFlush(StreamStatus.podNotFound(pod));
                    return;
                }
                new Upgrade(ctx.channel(), headers, new StreamQuery(uri), node, namespace, target).run(subresource);
            } catch (StreamException refused) {
                var _ = ctx.writeAndFlush(StreamStatus.failure(refused.code(), refused.getMessage()));
            } catch (IOException | RuntimeException failed) {
                LOG.warn("{} of pod {}/{} could not be opened", subresource, namespace, pod, failed);
                var _ = ctx.writeAndFlush(StreamStatus.failure(500, "Internal error occurred: " + failed));
            }
        });
    }

    /** Answers {@code pods/log}: the text of the log in chunks, or an error. */
    public void logs(ChannelHandlerContext ctx, HttpRequest request, String namespace, String pod) {
        String uri = request.uri();
        var response = new LogResponse(ctx, HttpUtil.isKeepAlive(request));
        Thread.ofVirtual().name("log " + namespace + "/" + pod).start(() -> {
            Thread writer = Thread.currentThread();
            ChannelFutureListener gone = closed -> writer.interrupt();
            var _ = ctx.channel().closeFuture().addListener(gone);
            try {
                writeLog(ctx, response, uri, namespace, pod);
            } finally {
                var _ = ctx.channel().closeFuture().removeListener(gone);
            }
        });
    }

    private void writeLog(ChannelHandlerContext ctx, LogResponse response, String uri, String namespace, String pod) {
        try {
            PodTarget target = pods.find(namespace, pod);
            if (target == null) {
                var _ = ctx.writeAndFlush(StreamStatus.podNotFound(pod));
                return;
            }
            var query = new StreamQuery(uri);
            LogOptions options = query.log(target.container(query.container()), clock);
            // A pod without a node has no log yet: Kubernetes answers an empty one.
            if (target.scheduled()) {
                node.logs(namespace, pod, options, response);
            }
            response.close();
        } catch (StreamException refused) {
            fail(ctx, response, StreamStatus.failure(refused.code(), refused.getMessage()));
        } catch (InvalidLogOption invalid) {
            fail(ctx, response, StreamStatus.invalidLogOptions(pod, invalid));
        } catch (IOException | RuntimeException failed) {
            if (ctx.channel().isActive()) {
                LOG.warn("log of pod {}/{} broke off", namespace, pod, failed);
            }
            fail(ctx, response, StreamStatus.failure(500, "Internal error occurred: " + failed));
        }
    }

    private static void fail(ChannelHandlerContext ctx, LogResponse response, FullHttpResponse answer) {
        if (response.begun()) {
            answer.release();
            response.abort();
        } else {
            var _ = ctx.writeAndFlush(answer);
        }
    }
}
