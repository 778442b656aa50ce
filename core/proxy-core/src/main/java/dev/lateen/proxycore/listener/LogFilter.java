package dev.lateen.proxycore.listener;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.expression.Expression;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.match.Fraction;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLogFilter;
import io.envoyproxy.envoy.config.accesslog.v3.ComparisonFilter;
import io.envoyproxy.envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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

    /** A share of the streams. */
    record Share(Fraction fraction) implements LogFilter {
        @Override
        public boolean takes(int status, long flags, long millis, FormatContext stream, RandomGenerator random) {
            return fraction.takes(random);
        }
    }

    /** Streams of which the expression is true. */
    record Holds(Expression expression) implements LogFilter {
        @Override
        public boolean takes(int status, long flags, long millis, FormatContext stream, RandomGenerator random) {
            return expression.holds(stream);
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
            for (Operation operation : Operation.values()) {
                if (operation.name().equals(proto.getOp().name())) {
                    return new Comparison(
                            operation, Integer.toUnsignedLong(proto.getValue().getDefaultValue()));
                }
            }
            throw at.field("comparison").refuse("not an operation: " + proto.getOp());
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
                new Share(Fraction.of(proto.getRuntimeFilter().getPercentSampled(), at.field("runtime_filter")));
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
            default -> throw at.refuse("not supported: " + name(proto));
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

    private static List<LogFilter> list(List<AccessLogFilter> protos, Place at) throws CompileException {
        List<LogFilter> filters = new ArrayList<>();
        for (int i = 0; i < protos.size(); i++) {
            filters.add(of(protos.get(i), at.item("filters", i)));
        }
        return List.copyOf(filters);
    }

    private static String name(AccessLogFilter proto) {
        return proto.getFilterSpecifierCase().name().toLowerCase(Locale.ROOT);
    }
}
