package dev.lateen.acceptance.behaviour;

import com.google.protobuf.Duration;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.service.ratelimit.v3.RateLimitRequest;
import io.envoyproxy.envoy.service.ratelimit.v3.RateLimitResponse;
import io.envoyproxy.envoy.service.ratelimit.v3.RateLimitResponse.DescriptorStatus;
import io.envoyproxy.envoy.service.ratelimit.v3.RateLimitResponse.RateLimit;
import io.envoyproxy.envoy.service.ratelimit.v3.RateLimitServiceGrpc;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.stream.Collectors;

/**
 * A rate limit service that decides by what it is asked: over the limit where a value is {@code over}, silent where one
 * is {@code silent}, else within. The app and the caller are told what it was asked.
 */
final class RateLimitBackend extends RateLimitServiceGrpc.RateLimitServiceImplBase implements AutoCloseable {
    private final Server server;

    RateLimitBackend(String address, int port) throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(address, port))
                .addService(this)
                .build()
                .start();
    }

    @Override
    public void shouldRateLimit(RateLimitRequest request, StreamObserver<RateLimitResponse> answers) {
        String asked = request.getDomain() + ": "
                + request.getDescriptorsList().stream()
                        .map(descriptor -> descriptor.getEntriesList().stream()
                                .map(entry -> entry.getKey() + "=" + entry.getValue())
                                .collect(Collectors.joining(" ")))
                        .collect(Collectors.joining("; "));
        if (asked.contains("=silent")) {
            return;
        }
        boolean over = asked.contains("=over");
        answers.onNext(RateLimitResponse.newBuilder()
                .setOverallCode(over ? RateLimitResponse.Code.OVER_LIMIT : RateLimitResponse.Code.OK)
                .addStatuses(DescriptorStatus.newBuilder()
                        .setCurrentLimit(RateLimit.newBuilder()
                                .setName("n")
                                .setRequestsPerUnit(5)
                                .setUnit(RateLimit.Unit.MINUTE))
                        .setLimitRemaining(over ? 0 : 3)
                        .setDurationUntilReset(Duration.newBuilder().setSeconds(20)))
                .addResponseHeadersToAdd(
                        HeaderValue.newBuilder().setKey("x-asked").setValue(asked))
                .addRequestHeadersToAdd(
                        HeaderValue.newBuilder().setKey("x-within").setValue("yes"))
                .build());
        answers.onCompleted();
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
