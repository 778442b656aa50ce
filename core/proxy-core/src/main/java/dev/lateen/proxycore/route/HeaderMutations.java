package dev.lateen.proxycore.route;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.format.Format;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.format.Operator;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import java.util.ArrayList;
import java.util.List;

/**
 * Fields that a rule removes and adds, of all levels of a route table in the order in which Envoy applies them: at each
 * level first what is removed, then what is added (Envoy documentation, custom request and response headers).
 *
 * <p>Immutable.
 */
public final class HeaderMutations {
    public static final HeaderMutations NONE = new HeaderMutations(List.of());

    private final List<Step> steps;

    private HeaderMutations(List<Step> steps) {
        this.steps = steps;
    }

    /** Compiles one level. */
    public static HeaderMutations of(List<HeaderValueOption> adds, List<String> removes, Place at)
            throws CompileException {
        if (adds.isEmpty() && removes.isEmpty()) {
            return NONE;
        }
        List<Step> steps = new ArrayList<>();
        for (String name : removes) {
            steps.add(new Remove(fieldName(name, at)));
        }
        for (HeaderValueOption option : adds) {
            steps.add(add(option, at.named(option.getHeader().getKey())));
        }
        return new HeaderMutations(List.copyOf(steps));
    }

    /** These, then those. */
    public HeaderMutations then(HeaderMutations next) {
        if (steps.isEmpty()) {
            return next;
        }
        if (next.steps.isEmpty()) {
            return this;
        }
        List<Step> all = new ArrayList<>(steps);
        all.addAll(next.steps);
        return new HeaderMutations(List.copyOf(all));
    }

    public boolean isEmpty() {
        return steps.isEmpty();
    }

    /** Changes the fields. */
    public void apply(Fields fields, FormatContext context) {
        if (steps.isEmpty()) {
            return;
        }
        for (Step step : steps) {
            step.apply(fields, context);
        }
    }

    private static Step add(HeaderValueOption option, Place at) throws CompileException {
        FieldName name = fieldName(option.getHeader().getKey(), at);
        Format value = option.getHeader().getRawValue().isEmpty()
                ? Format.parse(option.getHeader().getValue(), at.field("value"))
                : Format.literal(option.getHeader().getRawValue().toStringUtf8());
        for (Operator operator : value.operators()) {
            if (operator.isTimed()) {
                throw at.field("value").refuse("only in access logs: command %" + operator + "%");
            }
        }
        HeaderAppendAction action = action(option);
        if (action == HeaderAppendAction.UNRECOGNIZED) {
            throw at.field("append_action").refuse("not an append action: " + option.getAppendActionValue());
        }
        return new Add(name, value, action, option.getKeepEmptyValue());
    }

    @SuppressWarnings("deprecation") // control planes still send it
    private static HeaderAppendAction action(HeaderValueOption option) {
        if (!option.hasAppend()) {
            return option.getAppendAction();
        }
        return option.getAppend().getValue()
                ? HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD
                : HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD;
    }

    private static FieldName fieldName(String name, Place at) throws CompileException {
        if (name.startsWith(":") || name.equalsIgnoreCase("host")) {
            throw at.refuse("pseudo-headers and host cannot be changed this way: \"" + name + "\"");
        }
        if (!FieldName.isToken(name)) {
            throw at.refuse("not a header field name: \"" + name + "\"");
        }
        return FieldName.of(name);
    }

    private sealed interface Step {
        void apply(Fields fields, FormatContext context);
    }

    private record Remove(FieldName name) implements Step {
        @Override
        public void apply(Fields fields, FormatContext context) {
            fields.remove(name);
        }
    }

    private record Add(FieldName name, Format format, HeaderAppendAction action, boolean keepEmpty) implements Step {
        @Override
        public void apply(Fields fields, FormatContext context) {
            String value = format.render(context, "");
            if (value.isEmpty() && !keepEmpty) {
                return;
            }
            switch (action) {
                case ADD_IF_ABSENT -> {
                    if (!fields.contains(name)) {
                        fields.add(name, value);
                    }
                }
                case OVERWRITE_IF_EXISTS_OR_ADD -> fields.set(name, value);
                case OVERWRITE_IF_EXISTS -> {
                    if (fields.contains(name)) {
                        fields.set(name, value);
                    }
                }
                default -> fields.add(name, value);
            }
        }
    }

    @Override
    public String toString() {
        return steps.toString();
    }
}
