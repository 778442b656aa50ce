package dev.lateen.proxycore.limit;

import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.match.HeaderMatcher;
import dev.lateen.proxycore.match.HeaderMatcher.HeaderRef;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What says one thing about a request to a rate limit service ({@code envoy.config.route.v3.RateLimit.Action}): an entry
 * of a descriptor.
 */
sealed interface RateLimitAction {
    /**
     * A request as rules of rate limits see it.
     *
     * @param client its address, as proxies that are trusted tell it
     * @param source the cluster of this proxy's own workload
     * @param destination the cluster that the route sends it to
     */
    record Subject(RequestHead head, InetAddress client, String source, String destination) {}

    /** What an action says. */
    sealed interface Said {
        /** This. */
        record Value(RateLimits.Entry entry) implements Said {}

        /** Nothing, and the descriptor goes without. */
        record Nothing() implements Said {}

        /** That there is no descriptor. */
        record NoDescriptor() implements Said {}
    }

    /** What it says of this request. */
    Said of(Subject subject);

    /** The workload that calls. */
    record SourceCluster() implements RateLimitAction {
        @Override
        public Said of(Subject subject) {
            return said("source_cluster", subject.source());
        }
    }

    /** Where the route leads. */
    record DestinationCluster() implements RateLimitAction {
        @Override
        public Said of(Subject subject) {
            return said("destination_cluster", subject.destination());
        }
    }

    /** Who the client is. */
    record RemoteAddress() implements RateLimitAction {
        @Override
        public Said of(Subject subject) {
            return said("remote_address", subject.client().getHostAddress());
        }
    }

    /** What a header holds; without it there is no descriptor, unless that does not matter. */
    record Header(HeaderRef header, String key, boolean optional) implements RateLimitAction {
        @Override
        public Said of(Subject subject) {
            String value = header.in(subject.head());
            if (value == null) {
                return optional ? new Said.Nothing() : new Said.NoDescriptor();
            }
            return said(key, ByteText.decode(value));
        }
    }

    /** Always the same. */
    record Generic(String key, String value) implements RateLimitAction {
        @Override
        public Said of(Subject subject) {
            return said(key, value);
        }
    }

    /** Something about requests whose headers match, or do not. */
    record Match(String key, String value, boolean expected, List<HeaderMatcher> headers) implements RateLimitAction {
        @Override
        public Said of(Subject subject) {
            boolean all = headers.stream().allMatch(header -> header.matches(subject.head()));
            return all == expected ? said(key, value) : new Said.NoDescriptor();
        }
    }

    private static Said said(String key, String value) {
        return new Said.Value(new RateLimits.Entry(key, value));
    }

    static RateLimitAction of(Action proto, Place at) throws CompileException {
        return switch (proto.getActionSpecifierCase()) {
            case SOURCE_CLUSTER -> new SourceCluster();
            case DESTINATION_CLUSTER -> new DestinationCluster();
            case REMOTE_ADDRESS -> new RemoteAddress();
            case REQUEST_HEADERS -> {
                var headers = proto.getRequestHeaders();
                Place here = at.field("request_headers");
                yield new Header(
                        HeaderRef.of(headers.getHeaderName(), here.field("header_name")),
                        required(headers.getDescriptorKey(), here.field("descriptor_key")),
                        headers.getSkipIfAbsent());
            }
            case GENERIC_KEY -> {
                var generic = proto.getGenericKey();
                yield new Generic(
                        otherwise(generic.getDescriptorKey(), "generic_key"),
                        required(
                                generic.getDescriptorValue(),
                                at.field("generic_key").field("descriptor_value")));
            }
            case HEADER_VALUE_MATCH -> {
                var match = proto.getHeaderValueMatch();
                Place here = at.field("header_value_match");
                yield new Match(
                        otherwise(match.getDescriptorKey(), "header_match"),
                        required(match.getDescriptorValue(), here.field("descriptor_value")),
                        !match.hasExpectMatch() || match.getExpectMatch().getValue(),
                        List.of(HeaderMatcher.all(match.getHeadersList(), here, "headers")));
            }
            default -> throw at.refuse("not supported: action " + proto.getActionSpecifierCase());
        };
    }

    private static String otherwise(String said, String otherwise) {
        return said.isEmpty() ? otherwise : said;
    }

    private static String required(@Nullable String said, Place at) throws CompileException {
        if (said == null || said.isEmpty()) {
            throw at.refuse("must not be empty");
        }
        return said;
    }
}
