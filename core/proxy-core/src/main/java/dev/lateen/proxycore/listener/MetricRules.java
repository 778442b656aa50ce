package dev.lateen.proxycore.listener;

import com.google.protobuf.Any;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.expression.Expression;
import dev.lateen.proxycore.format.FormatContext;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a configuration changes of Istio's standard metrics: filter {@code istio.stats} with {@code stats.PluginConfig}
 * (istio/proxy, extensions/stats/config.proto), in a TypedStruct. Immutable.
 *
 * @param rules by metric, without {@code istio_}; under the empty name for all others
 * @param expressions that give values of labels
 */
public record MetricRules(Map<String, Rule> rules, List<Expression> expressions) {
    /** Metrics as they are. */
    public static final MetricRules NONE = new MetricRules(Map.of(), List.of());

    /** The value of a label that is not known. */
    private static final String UNKNOWN = "unknown";

    private static final String[] NO_VALUES = {};

    /** The standard metrics of requests. */
    private static final List<String> OF_REQUESTS = List.of(
            "requests_total",
            "request_duration_milliseconds",
            "request_bytes",
            "response_bytes",
            "request_messages_total",
            "response_messages_total");

    /**
     * What becomes of a metric.
     *
     * @param removed labels that it loses
     * @param added labels that it gets or that change, each with the number of its expression
     */
    public record Rule(boolean dropped, Set<String> removed, Map<String, Integer> added) {
        static final Rule NONE = new Rule(false, Set.of(), Map.of());
    }

    public MetricRules {
        rules = Map.copyOf(rules);
        expressions = List.copyOf(expressions);
    }

    /** What becomes of a metric, by its name without {@code istio_}. */
    public Rule rule(String metric) {
        Rule rule = rules.get(metric);
        return rule == null ? rules.getOrDefault("", Rule.NONE) : rule;
    }

    /** Whether any metric of requests is left: what is dropped need not be counted. */
    public boolean countRequests() {
        if (rules.isEmpty()) {
            return true;
        }
        for (String metric : OF_REQUESTS) {
            if (!rule(metric).dropped()) {
                return true;
            }
        }
        return false;
    }

    /** The value of each expression for a stream. */
    public String[] values(FormatContext stream) {
        if (expressions.isEmpty()) {
            return NO_VALUES;
        }
        String[] values = new String[expressions.size()];
        for (int i = 0; i < values.length; i++) {
            String value = expressions.get(i).text(stream);
            values[i] = value == null ? UNKNOWN : value;
        }
        return values;
    }

    /**
     * The rules among a chain's filters.
     *
     * @param ignored takes a sentence for what is not honoured: metrics must not keep a listener from working
     */
    static MetricRules of(Collection<Any> filters, Place at, List<String> ignored) {
        for (Any filter : filters) {
            Struct config = Extensions.typedStruct(filter, "stats.PluginConfig");
            if (config != null) {
                return of(config, at, ignored);
            }
        }
        return NONE;
    }

    private static MetricRules of(Struct config, Place at, List<String> ignored) {
        Map<String, Rule> rules = new HashMap<>();
        List<Expression> expressions = new ArrayList<>();
        for (Value value : field(config, "metrics").getListValue().getValuesList()) {
            Struct metric = value.getStructValue();
            String name = field(metric, "name").getStringValue();
            Map<String, Integer> added = new HashMap<>();
            field(metric, "dimensions").getStructValue().getFieldsMap().forEach((label, text) -> {
                Integer number = number(text.getStringValue(), at.named("istio.stats"), expressions, ignored);
                if (number != null) {
                    added.put(label, number);
                }
            });
            List<String> removed =
                    field(metric, "tags_to_remove", "tagsToRemove").getListValue().getValuesList().stream()
                            .map(Value::getStringValue)
                            .toList();
            rules.put(name, new Rule(field(metric, "drop").getBoolValue(), Set.copyOf(removed), Map.copyOf(added)));
            if (field(metric, "match").hasStringValue()) {
                ignored.add(at + ": istio.stats: match of metric \"" + name + "\" is not honoured");
            }
        }
        if (field(config, "definitions").getListValue().getValuesCount() > 0) {
            ignored.add(at + ": istio.stats: definitions of metrics are not honoured");
        }
        return rules.isEmpty() ? NONE : new MetricRules(rules, expressions);
    }

    private static @Nullable Integer number(String text, Place at, List<Expression> expressions, List<String> ignored) {
        try {
            Expression expression = Expression.compile(text, at);
            int known = expressions.indexOf(expression);
            if (known < 0) {
                expressions.add(expression);
            }
            return known < 0 ? expressions.size() - 1 : known;
        } catch (CompileException e) {
            ignored.add(String.valueOf(e.getMessage()));
            return null;
        }
    }

    private static Value field(Struct struct, String... names) {
        for (String name : names) {
            Value value = struct.getFieldsMap().get(name);
            if (value != null) {
                return value;
            }
        }
        return Value.getDefaultInstance();
    }
}
