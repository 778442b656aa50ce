package dev.lateen.proxycore.limit;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.GrpcTarget;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.route.HeaderMutations;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.extensions.filters.http.ratelimit.v3.RateLimit;
import io.envoyproxy.envoy.service.ratelimit.v3.RateLimitRequest;
import io.envoyproxy.envoy.service.ratelimit.v3.RateLimitResponse;
import io.envoyproxy.envoy.service.ratelimit.v3.RateLimitResponse.DescriptorStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * Asks a service whether requests are within their limits ({@code envoy.extensions.filters.http.ratelimit.v3.RateLimit},
 * {@code envoy.service.ratelimit.v3.RateLimitService}). What is asked about a request is the route's to say: see {@link
 * RateLimits}.
 *
 * @param domain of the limits, as the service knows it
 * @param service whom to ask
 * @param stage only rules of this stage are asked about
 * @param requests which requests are asked about
 * @param failureDenies whether a request is refused when the service says nothing
 * @param errorStatus of a refusal for that reason
 * @param status of a refusal because of a limit
 * @param grpcExhausted whether gRPC callers are told RESOURCE_EXHAUSTED instead of UNAVAILABLE
 * @param marks whether refusals carry {@code x-envoy-ratelimited}
 * @param tellsLimits whether answers carry {@code x-ratelimit-} fields (draft 03 of RateLimit Header Fields for HTTP)
 * @param responseHeaders changes of refusals
 */
public record GlobalRateLimit(
        String domain,
        GrpcTarget service,
        int stage,
        Requests requests,
        boolean failureDenies,
        int errorStatus,
        int status,
        boolean grpcExhausted,
        boolean marks,
        boolean tellsLimits,
        HeaderMutations responseHeaders) {
    private static final Duration DEFAULT_TIMEOUT = Duration.ofMillis(20);
    private static final int TOO_MANY = 429;
    private static final int LAST_STAGE = 10;
    private static final FieldName LIMIT = FieldName.of("x-ratelimit-limit");
    private static final FieldName REMAINING = FieldName.of("x-ratelimit-remaining");
    private static final FieldName RESET = FieldName.of("x-ratelimit-reset");

    /** Which requests are asked about. */
    public enum Requests {
        ALL,
        /** Those of the mesh's own: with {@code x-envoy-internal}. */
        INTERNAL,
        EXTERNAL
    }

    /** What the service says. */
    public sealed interface Verdict {
        /**
         * The request is within its limits.
         *
         * @param request fields that it gets
         * @param response fields that its answer gets
         */
        record Within(Fields request, Fields response) implements Verdict {}

        /**
         * It is not.
         *
         * @param response fields of the refusal
         */
        record Over(Fields response, String body) implements Verdict {}

        /** Nothing that can be understood. */
        record Failed(String reason) implements Verdict {}
    }

    /** Compiles a filter; what cannot be honoured is refused. */
    public static GlobalRateLimit of(RateLimit proto, Place at) throws CompileException {
        if (proto.getDomain().isEmpty()) {
            throw at.field("domain").refuse("must not be empty");
        }
        if (proto.getStage() < 0 || proto.getStage() > LAST_STAGE) {
            throw at.field("stage").refuse("must be at most " + LAST_STAGE);
        }
        if (!proto.getRateLimitService().hasGrpcService()) {
            throw at.field("rate_limit_service").refuse("no service to ask");
        }
        int status = proto.getRateLimitedStatus().getCodeValue();
        int error = proto.getStatusOnError().getCodeValue();
        Place serviceAt = at.field("rate_limit_service").field("grpc_service");
        if (proto.getRateLimitService().getGrpcService().hasTimeout()) {
            throw serviceAt.field("timeout").refuse("not supported: the filter's own timeout holds");
        }
        return new GlobalRateLimit(
                proto.getDomain(),
                GrpcTarget.of(
                        proto.getRateLimitService().getGrpcService(),
                        proto.hasTimeout() ? at.field("timeout").duration(proto.getTimeout()) : DEFAULT_TIMEOUT,
                        serviceAt),
                proto.getStage(),
                switch (proto.getRequestType()) {
                    case "", "both" -> Requests.ALL;
                    case "internal" -> Requests.INTERNAL;
                    case "external" -> Requests.EXTERNAL;
                    default -> throw at.field("request_type").refuse("not a type: " + proto.getRequestType());
                },
                proto.getFailureModeDeny(),
                error == 0 ? 500 : error,
                status < 400 ? TOO_MANY : status,
                proto.getRateLimitedAsResourceExhausted(),
                !proto.getDisableXEnvoyRatelimitedHeader(),
                switch (proto.getEnableXRatelimitHeaders()) {
                    case OFF -> false;
                    case DRAFT_VERSION_03 -> true;
                    case UNRECOGNIZED ->
                        throw at.field("enable_x_ratelimit_headers").refuse("not a version");
                },
                HeaderMutations.of(
                        proto.getResponseHeadersToAddList(), List.of(), at.field("response_headers_to_add")));
    }

    /** Whether it asks about this request at all. */
    public boolean concerns(RequestHead head) {
        boolean internal = "true".equals(head.fields().get(FieldName.X_ENVOY_INTERNAL));
        return switch (requests) {
            case ALL -> true;
            case INTERNAL -> internal;
            case EXTERNAL -> !internal;
        };
    }

    /** The head of the call that asks. */
    public RequestHead call() {
        return service.call("/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit");
    }

    /** What is asked about a request with these descriptors. */
    public RateLimitRequest question(List<List<RateLimits.Entry>> descriptors) {
        RateLimitRequest.Builder question = RateLimitRequest.newBuilder().setDomain(domain);
        for (List<RateLimits.Entry> descriptor : descriptors) {
            var entries = question.addDescriptorsBuilder();
            descriptor.forEach(
                    entry -> entries.addEntriesBuilder().setKey(entry.key()).setValue(entry.value()));
        }
        return question.build();
    }

    /** What the service's message means. */
    public Verdict verdict(ByteString message) {
        RateLimitResponse response;
        try {
            response = RateLimitResponse.parseFrom(message);
        } catch (InvalidProtocolBufferException e) {
            return new Verdict.Failed("its answer cannot be read: " + e.getMessage());
        }
        Fields answer = fields(response.getResponseHeadersToAddList());
        if (tellsLimits) {
            tellLimits(response.getStatusesList(), answer);
        }
        return switch (response.getOverallCode()) {
            case OK -> new Verdict.Within(fields(response.getRequestHeadersToAddList()), answer);
            case OVER_LIMIT -> new Verdict.Over(answer, response.getRawBody().toString(StandardCharsets.ISO_8859_1));
            case UNKNOWN, UNRECOGNIZED -> new Verdict.Failed("its answer has no code");
        };
    }

    private static Fields fields(List<HeaderValue> headers) {
        Fields fields = new Fields();
        for (HeaderValue header : headers) {
            if (FieldName.isToken(header.getKey())) {
                fields.add(FieldName.of(header.getKey()), ByteText.of(header.getValue()));
            }
        }
        return fields;
    }

    /** The limit that is nearest to being reached, behind it all of them with their windows. */
    private static void tellLimits(List<DescriptorStatus> statuses, Fields fields) {
        DescriptorStatus nearest = null;
        StringBuilder all = new StringBuilder();
        for (DescriptorStatus status : statuses) {
            if (!status.hasCurrentLimit()) {
                continue;
            }
            if (nearest == null
                    || Integer.compareUnsigned(status.getLimitRemaining(), nearest.getLimitRemaining()) < 0) {
                nearest = status;
            }
            var limit = status.getCurrentLimit();
            all.append(", ")
                    .append(Integer.toUnsignedString(limit.getRequestsPerUnit()))
                    .append(";w=")
                    .append(seconds(limit.getUnit()));
            if (!limit.getName().isEmpty()) {
                all.append(";name=\"").append(limit.getName()).append('"');
            }
        }
        if (nearest != null) {
            fields.set(
                    LIMIT,
                    ByteText.of(
                            Integer.toUnsignedString(nearest.getCurrentLimit().getRequestsPerUnit()) + all));
            fields.set(REMAINING, Integer.toUnsignedString(nearest.getLimitRemaining()));
            fields.set(RESET, Long.toString(nearest.getDurationUntilReset().getSeconds()));
        }
    }

    private static int seconds(RateLimitResponse.RateLimit.Unit unit) {
        return switch (unit) {
            case SECOND -> 1;
            case MINUTE -> 60;
            case HOUR -> 3_600;
            case DAY -> 86_400;
            case WEEK -> 604_800;
            case MONTH -> 2_592_000;
            case YEAR -> 31_536_000;
            case UNKNOWN, UNRECOGNIZED -> 0;
        };
    }
}
