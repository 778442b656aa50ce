package dev.lateen.acceptance.access;

import com.google.rpc.Code;
import com.google.rpc.Status;
import com.sun.net.httpserver.HttpServer;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext;
import io.envoyproxy.envoy.service.auth.v3.AuthorizationGrpc;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;

/** The services that the table's CUSTOM policies have asked: see {@link AccessTable#SERVICE}. */
final class AskedService implements AutoCloseable {
    private static final String ADDRESS = "10.99.0.2";

    /** The mesh's settings as an object. */
    static String object(String settings) {
        return """
                ---
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: istio, namespace: istio-system}
                data:
                  mesh: |
                """ + settings.indent(4);
    }

    private final HttpServer server;
    private final Server grpc;

    /** What is asked in gRPC. */
    private static final class Checker extends AuthorizationGrpc.AuthorizationImplBase {
        @Override
        public void check(CheckRequest request, StreamObserver<CheckResponse> answers) {
            AttributeContext attributes = request.getAttributes();
            boolean allowed = attributes.hasRequest()
                    ? "yes"
                            .equals(attributes
                                    .getRequest()
                                    .getHttp()
                                    .getHeadersMap()
                                    .get("x-asked"))
                    : attributes.getSource().getPrincipal().endsWith("/sa/client");
            answers.onNext(CheckResponse.newBuilder()
                    .setStatus(Status.newBuilder().setCode(allowed ? Code.OK_VALUE : Code.PERMISSION_DENIED_VALUE))
                    .build());
            answers.onCompleted();
        }
    }

    AskedService() throws IOException {
        grpc = NettyServerBuilder.forAddress(new InetSocketAddress(ADDRESS, 9192))
                .addService(new Checker())
                .build()
                .start();
        server = HttpServer.create(new InetSocketAddress(ADDRESS, 9191), 128);
        server.createContext("/", exchange -> {
            boolean allowed = "yes".equals(exchange.getRequestHeaders().getFirst("x-asked"));
            exchange.sendResponseHeaders(allowed ? 200 : 403, -1);
            exchange.close();
        });
        server.start();
    }

    @Override
    public void close() {
        server.stop(0);
        grpc.shutdownNow();
    }
}
