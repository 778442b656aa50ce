package dev.lateen.cluster.api;

import dev.lateen.cluster.store.ObjectStore;
import dev.lateen.cluster.streams.PodStreams;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** One connection's requests: who asks, for what, and where it is answered. Work is done on virtual threads. */
final class ApiHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final Logger LOG = LoggerFactory.getLogger(ApiHandler.class);
    private static final Reply NO_PAGE = Reply.text(404, "404 page not found\n");
    private static final Set<String> STREAMS = Set.of("exec", "attach", "portforward");

    private final ObjectStore store;
    private final ResourceRegistry registry;
    private final ResourceEndpoint resources;
    private final Discovery discovery;
    private final OpenApi openApi;
    private final Reviews reviews;
    private final PodStreams streams;
    private final Executor requests;

    ApiHandler(
            ObjectStore store,
            ResourceRegistry registry,
            ResourceEndpoint resources,
            Discovery discovery,
            OpenApi openApi,
            Reviews reviews,
            PodStreams streams,
            Executor requests) {
        this.store = store;
        this.registry = registry;
        this.resources = resources;
        this.discovery = discovery;
        this.openApi = openApi;
        this.reviews = reviews;
        this.streams = streams;
        this.requests = requests;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
        request.retain();
        requests.execute(() -> {
            boolean keepAlive = HttpUtil.isKeepAlive(request);
            try {
                serve(ctx, request);
            } catch (ApiException e) {
                write(ctx, Reply.json(e.code(), e.status()), keepAlive);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                var _ = ctx.close();
            } catch (RuntimeException e) {
                LOG.error("{} {} failed", request.method(), request.uri(), e);
                ApiException error = ApiException.of(500, "InternalError", "Internal error occurred: " + e);
                write(ctx, Reply.json(500, error.status()), keepAlive);
            } finally {
                request.release();
            }
        });
    }

    /** People who look with a browser or curl get JSON that they can read, as Kubernetes does. */
    private static Reply readable(Reply reply, FullHttpRequest http) {
        String agent = http.headers().get(HttpHeaderNames.USER_AGENT, "");
        boolean person = agent.startsWith("curl") || agent.startsWith("Wget") || agent.startsWith("Mozilla/5.0");
        return person && reply.contentType().equals(Reply.JSON)
                ? new Reply(reply.code(), reply.contentType(), Json.pretty(reply.body()), reply.warnings())
                : reply;
    }

    private static void write(ChannelHandlerContext ctx, Reply reply, boolean keepAlive) {
        var future = ctx.writeAndFlush(reply.http());
        if (!keepAlive) {
            var _ = future.addListener(ChannelFutureListener.CLOSE);
        }
    }

    private void serve(ChannelHandlerContext ctx, FullHttpRequest http) throws ApiException, InterruptedException {
        QueryStringDecoder uri = new QueryStringDecoder(http.uri());
        String path = uri.path();
        boolean keepAlive = HttpUtil.isKeepAlive(http);
        if (path.equals("/healthz") || path.equals("/livez") || path.equals("/readyz")) {
            write(ctx, Reply.text(200, "ok"), keepAlive);
            return;
        }
        if (path.equals("/version")) {
            write(ctx, Reply.json(200, version()), keepAlive);
            return;
        }
        Tokens.Subject user = user(http);
        String accept = http.headers().get(HttpHeaderNames.ACCEPT, "");
        String contentType = http.headers().get(HttpHeaderNames.CONTENT_TYPE, "");
        byte[] body = new byte[http.content().readableBytes()];
        http.content().getBytes(http.content().readerIndex(), body);
        Optional<Reply> general = general(path, accept, contentType, body, user, http);
        if (general.isPresent()) {
            write(ctx, general.get(), keepAlive);
            return;
        }
        ApiRequest request = ApiRequest.parse(uri, http.headers().get(HttpHeaderNames.USER_AGENT, ""), user, registry);
        boolean pod = request.type().stored().equals("/pods");
        if (pod && STREAMS.contains(request.subresource())) {
            String namespace = request.namespaceOrEmpty();
            FullHttpRequest kept = http.retain();
            ctx.executor().execute(() -> {
                try {
                    streams.upgrade(ctx, kept, namespace, request.name(), request.subresource());
                } finally {
                    kept.release();
                }
            });
        } else if (pod && request.subresource().equals("log")) {
            streams.logs(ctx, http, request.namespaceOrEmpty(), request.name());
        } else if (http.method().name().equals("GET") && request.flag("watch")) {
            new WatchStream(store, ctx, http, request, accept).run();
        } else {
            Reply reply = resources.answer(http.method().name(), request, accept, contentType, body);
            write(ctx, readable(reply, http), keepAlive);
        }
    }

    private Tokens.Subject user(FullHttpRequest request) throws ApiException {
        String header = request.headers().get(HttpHeaderNames.AUTHORIZATION, "");
        String token = header.startsWith("Bearer ")
                ? header.substring("Bearer ".length()).strip()
                : "";
        return reviews.subject(token, Instant.now())
                .orElseThrow(() -> ApiException.of(401, "Unauthorized", "Unauthorized"));
    }

    /** What is not about one resource: discovery, schemas, reviews. */
    private Optional<Reply> general(
            String path, String accept, String contentType, byte[] body, Tokens.Subject user, FullHttpRequest http)
            throws ApiException {
        String[] parts = path.substring(1).split("/", -1);
        boolean discovering = path.equals("/api") || path.equals("/apis");
        if (discovering && accept.contains("as=APIGroupDiscoveryList")) {
            String version = accept.contains("v=v2;") || accept.contains("v=v2,") ? "v2" : "v2beta1";
            ObjectNode answer = discovery.aggregated(path.equals("/api"), version);
            return Optional.of(new Reply(
                    200,
                    "application/json;g=apidiscovery.k8s.io;v=" + version + ";as=APIGroupDiscoveryList",
                    Json.write(answer),
                    java.util.List.of()));
        }
        if (path.equals("/api")) {
            return Optional.of(
                    Reply.json(200, discovery.coreVersions(http.headers().get(HttpHeaderNames.HOST, ""))));
        }
        if (path.equals("/apis")) {
            return Optional.of(Reply.json(200, discovery.groupList()));
        }
        if (path.startsWith("/openapi/")) {
            return Optional.of(openApi.answer(path));
        }
        if (parts.length == 2 && parts[0].equals("api")) {
            return Optional.of(Reply.json(200, discovery.resourceList("", parts[1])));
        }
        if (parts.length == 2 && parts[0].equals("apis")) {
            ObjectNode group = discovery.group(parts[1]);
            return Optional.of(group == null ? NO_PAGE : Reply.json(200, group));
        }
        if (parts.length == 3 && parts[0].equals("apis")) {
            return Optional.of(Reply.json(200, discovery.resourceList(parts[1], parts[2])));
        }
        boolean local = parts.length == 6 && parts[3].equals("namespaces");
        boolean review = (parts.length == 4 || local)
                && parts[0].equals("apis")
                && (parts[1].equals("authentication.k8s.io") || parts[1].equals("authorization.k8s.io"));
        if (review && http.method().name().equals("POST")) {
            return Optional.of(
                    Reply.json(201, reviews.answer(parts[parts.length - 1], Json.readObject(body, contentType), user)));
        }
        if (!parts[0].equals("api") && !parts[0].equals("apis")) {
            return Optional.of(NO_PAGE);
        }
        return Optional.empty();
    }

    private static ObjectNode version() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("major", "1")
                .put("minor", "35")
                .put("gitVersion", "v1.35.0+lateen")
                .put("gitCommit", "")
                .put("gitTreeState", "clean")
                .put("buildDate", "1970-01-01T00:00:00Z")
                .put("goVersion", "")
                .put("compiler", "")
                .put("platform", "linux/" + (System.getProperty("os.arch", "").equals("aarch64") ? "arm64" : "amd64"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("connection of {} broke off", ctx.channel().remoteAddress(), cause);
        var _ = ctx.close();
    }
}
