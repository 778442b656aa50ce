package dev.lateen.proxycore.listener;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.GrpcCode;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.expression.Expression;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.format.Operator;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.match.Fraction;
import dev.lateen.proxycore.match.HeaderMatcher;
import dev.lateen.proxycore.match.MetadataMatcher;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLogFilter;
import io.envoyproxy.envoy.config.accesslog.v3.ComparisonFilter;
import io.envoyproxy.envoy.config.accesslog.v3.GrpcStatusFilter;
import io.envoyproxy.envoy.config.accesslog.v3.LogTypeFilter;
import io.envoyproxy.envoy.config.accesslog.v3.MetadataFilter;
import io.envoyproxy.envoy.data.accesslog.v3.AccessLogType;
import io.envoyproxy.envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Which streams an access log writes ({@code envoy.config.accesslog.v3.AccessLogFilter}). */
public sealed interface LogFilter {
    /**
     * Whether the stream is written.
     *
     * @param status of the response, 0 without one
     * @param flags {@link ResponseFlag} bits
     * @param millis how long it took
     * @param stream everything else
     */
    boolean takes(int status, long flags, long millis, FormatContext stream, RandomGenerator random);

    /** Every stream. */
    record Always() implements LogFilter {
        @Override
        public boolean takes(int status, long flags, long millis, FormatContext stream, RandomGenerator random) {
            return true;
        }
    }

    /** Streams with any of these flags; any flag at all when the set is 0. */
    record Flags(long wanted) implements LogFilter {
        @Override
        public boolean takes(int status, long flags, long millis, FormatContext stream, RandomGenerator random) {
            return wanted == 0 ? flags != 0 : (flags & wanted) != 0;
        }
    }

    /** Streams whose status compares so. */
    record Status(Comparison comparison) implements LogFilter {
        @Override
        public boolean takes(int status, long flags, long millis, FormatContext stream, RandomGenerator random) {
            return comparison.holds(status);
        }
    }

    /** Streams whose duration in milliseconds compares so. */
    record Duration(Comparison comparison) implements LogFilter {
        @Override
        public boolean takes(int status, long flags, long millis, FormatContext stream, RandomGenerator random) {
            return comparison.holds(millis);
        }
    }

    /**
     * A share of the streams.
     *
     * @param independent whether each is drawn for itself; else its {@code x-request-id} decides, so that every proxy on
     *     its way writes it or none does
     */
    record Share(Fraction fraction, boolean independent) implements LogFilter {
        @Override
        public boolean takes(int status, long flags, long millis, FormatContext stream, RandomGenerator random) {
            Long drawn = independent ? null : Fraction.drawn(stream.value(Operator.STREAM_ID, ""));
            return drawn == null ? fraction.takes(random) : fraction.takes(drawn);
        }
    }

    /** Requests whose head this matches; a connection has none. */
    record Header(HeaderMatcher matcher) implements LogFilter {
        @Override
        public boolean takes(int status, long flags, long millis, FormatContext stream, RandomGenerator random) {
            RequestHead head = stream.request();
            return head != null && matcher.matches(head);
        }
    }

    /** Streams with one of these statuses of gRPC, or with none of them. */
    record Grpc(Set<Integer> statuses, boolean exclude) implements LogFilter {
        public Grpc {
            statuses = Set.copyOf(statuses);
        }

        @Override
        public boolean takes(int status, long flags, long millis, FormatContext stream, RandomGenerator random) {
            return statuses.contains(GrpcCode.of(stream.response(), stream.trailers())) != exclude;
        }
    }

    /** Streams that are recorded in a trace. */
    record Traced() implements LogFilter {
        @Override
        public boolean takes(int status, long flags, long millis, FormatContext stream, RandomGenerator random) {
            return stream.isRecorded();
        }
    }

    /** Lines that are written for one of these reasons, or for none of them ({@code ACCESS_LOG_TYPE}). */
    record Type(Set<String> types, boolean exclude) implements LogFilter {
        public Type {
            types = Set.copyOf(types);
        }

        @Override
        public boolean takes(int status, long flags, long millis, FormatContext stream, RandomGenerator random) {
            String type = stream.value(Operator.ACCESS_LOG_TYPE, "");
            return (type != null && types.contains(type)) != exclude;
        }
    }

    /** Streams of which the expression is true. */
    record Holds(Expression expression) implements LogFilter {
        @Override
        public boolean takes(int status, long flags, long millis, FormatContext stream, RandomGenerator random) {
            return expression.holds(stream);
        }
    }

    /**
     * Streams of which a filter told this.
     *
     * @param otherwise whether those of which it told nothing there are written
     */
    record Told(MetadataMatcher matcher, boolean otherwise) implements LogFilter {
        @Override
        public boolean takes(int status, long flags, long millis, FormatContext stream, RandomGenerator random) {
            Object told = matcher.find(stream.metadata(matcher.filter()));
            return told == null ? otherwise : matcher.value().matches(told);
        }
    }

    /** Streams that all of these take. */
    record All(List<LogFilter> filters) implements LogFilter {
        @Override
        public boolean takes(int status, long flags, long millis, FormatContext stream, RandomGenerator random) {
            for (LogFilter filter : filters) {
                if (!filter.takes(status, flags, millis, stream, random)) {
                    return false;
                }
            }
            return true;
        }
    }

    /** Streams that any of these takes. */
    record Any(List<LogFilter> filters) implements LogFilter {
        @Override
        public boolean takes(int status, long flags, long millis, FormatContext stream, RandomGenerator random) {
            for (LogFilter filter : filters) {
                if (filter.takes(status, flags, millis, stream, random)) {
                    return true;
                }
            }
            return false;
        }
    }

    /** A comparison with a number: {@code GE 500}. */
    record Comparison(Operation operation, long number) {
        /** Of later versions of the API than the classes that are read with here. */
        private static final int NE_VALUE = 3;

        /** Equal, not equal, at least, at most. */
        public enum Operation {
            EQ,
            NE,
            GE,
            LE
        }

        boolean holds(long value) {
            return switch (operation) {
                case EQ -> value == number;
                case NE -> value != number;
                case GE -> value >= number;
                case LE -> value <= number;
            };
        }

        static Comparison of(ComparisonFilter proto, Place at) throws CompileException {
            Operation operation =
                    switch (proto.getOpValue()) {
                        case ComparisonFilter.Op.EQ_VALUE -> Operation.EQ;
                        case ComparisonFilter.Op.GE_VALUE -> Operation.GE;
                        case ComparisonFilter.Op.LE_VALUE -> Operation.LE;
                        case NE_VALUE -> Operation.NE;
                        default -> throw at.field("comparison").refuse("not an operation: " + proto.getOpValue());
                    };
            return new Comparison(
                    operation, Integer.toUnsignedLong(proto.getValue().getDefaultValue()));
        }
    }

    static LogFilter of(AccessLogFilter proto, Place at) throws CompileException {
        return switch (proto.getFilterSpecifierCase()) {
            case RESPONSE_FLAG_FILTER -> flags(proto.getResponseFlagFilter().getFlagsList(), at);
            case STATUS_CODE_FILTER ->
                new Status(Comparison.of(proto.getStatusCodeFilter().getComparison(), at.field("status_code_filter")));
            case DURATION_FILTER ->
                new Duration(Comparison.of(proto.getDurationFilter().getComparison(), at.field("duration_filter")));
            case RUNTIME_FILTER ->
                new Share(
                        Fraction.of(proto.getRuntimeFilter().getPercentSampled(), at.field("runtime_filter")),
                        proto.getRuntimeFilter().getUseIndependentRandomness());
            // Which requests ask for health, Envoy's filter of that name says: without it, none does.
            case NOT_HEALTH_CHECK_FILTER -> new Always();
            case TRACEABLE_FILTER -> new Traced();
            case HEADER_FILTER ->
                new Header(HeaderMatcher.of(
                        proto.getHeaderFilter().getHeader(),
                        at.field("header_filter").field("header")));
            case GRPC_STATUS_FILTER -> grpc(proto.getGrpcStatusFilter(), at.field("grpc_status_filter"));
            case LOG_TYPE_FILTER -> type(proto.getLogTypeFilter(), at.field("log_type_filter"));
            case METADATA_FILTER -> metadata(proto.getMetadataFilter(), at.field("metadata_filter"));
            case AND_FILTER -> new All(list(proto.getAndFilter().getFiltersList(), at.field("and_filter")));
            case OR_FILTER -> new Any(list(proto.getOrFilter().getFiltersList(), at.field("or_filter")));
            case EXTENSION_FILTER -> {
                Place here = at.field("extension_filter");
                com.google.protobuf.Any any = proto.getExtensionFilter().getTypedConfig();
                if (!any.is(ExpressionFilter.class)) {
                    throw here.refuse("unknown filter of an access log: " + Extensions.typeName(any));
                }
                yield new Holds(Expression.compile(
                        here.unpack(any, ExpressionFilter.class).getExpression(), here));
            }
            case FILTERSPECIFIER_NOT_SET -> throw at.refuse("no filter");
        };
    }

    private static LogFilter flags(List<String> names, Place at) throws CompileException {
        long wanted = 0;
        for (String name : names) {
            try {
                wanted |= ResponseFlag.valueOf(name).bit();
            } catch (IllegalArgumentException e) {
                throw at.field("response_flag_filter").refuse("not a response flag: \"" + name + "\"");
            }
        }
        return new Flags(wanted);
    }

    private static LogFilter grpc(GrpcStatusFilter proto, Place at) throws CompileException {
        Set<Integer> statuses = new HashSet<>();
        for (GrpcStatusFilter.Status status : proto.getStatusesList()) {
            if (status == GrpcStatusFilter.Status.UNRECOGNIZED) {
                throw at.field("statuses").refuse("not a status of gRPC");
            }
            statuses.add(status.getNumber());
        }
        return new Grpc(statuses, proto.getExclude());
    }

    private static LogFilter type(LogTypeFilter proto, Place at) throws CompileException {
        Set<String> types = new HashSet<>();
        for (AccessLogType type : proto.getTypesList()) {
            if (type == AccessLogType.UNRECOGNIZED) {
                throw at.field("types").refuse("not a type of access logs");
            }
            types.add(type.name());
        }
        return new Type(types, proto.getExclude());
    }

    private static LogFilter metadata(MetadataFilter proto, Place at) throws CompileException {
        boolean otherwise =
                !proto.hasMatchIfKeyNotFound() || proto.getMatchIfKeyNotFound().getValue();
        if (!proto.hasMatcher()) {
            return otherwise ? new Always() : new Any(List.of());
        }
        Place here = at.field("matcher");
        MetadataMatcher matcher = MetadataMatcher.of(proto.getMatcher(), here);
        if (!FormatContext.TELLING.contains(matcher.filter())) {
            throw here.field("filter")
                    .refuse("not supported: \"" + matcher.filter() + "\": only what "
                            + String.join(" and ", FormatContext.TELLING) + " tell is kept for logs");
        }
        if (matcher.inverted()) {
            throw here.field("invert").refuse("not supported: has no effect in filters of access logs");
        }
        return new Told(matcher, otherwise);
    }

    private static List<LogFilter> list(List<AccessLogFilter> protos, Place at) throws CompileException {
        List<LogFilter> filters = new ArrayList<>();
        for (int i = 0; i < protos.size(); i++) {
            filters.add(of(protos.get(i), at.item("filters", i)));
        }
        return List.copyOf(filters);
    }
}
