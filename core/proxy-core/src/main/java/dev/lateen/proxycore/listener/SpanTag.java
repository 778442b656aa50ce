package dev.lateen.proxycore.listener;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.match.HeaderMatcher.HeaderRef;
import io.envoyproxy.envoy.type.tracing.v3.CustomTag;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A tag that spans get beside those of all spans ({@code envoy.type.tracing.v3.CustomTag}). */
public sealed interface SpanTag {
    /** What the tag is called. */
    String name();

    /**
     * Its value for a request; null: the span has no such tag.
     *
     * @param environment variables of the proxy by name
     */
    @Nullable
    String value(RequestHead request, Function<String, @Nullable String> environment);

    /** The same value for all. */
    record Literal(String name, String value) implements SpanTag {
        @Override
        public String value(RequestHead request, Function<String, @Nullable String> environment) {
            return value;
        }
    }

    /** A variable. */
    record Environment(String name, String variable, String otherwise) implements SpanTag {
        @Override
        public @Nullable String value(RequestHead request, Function<String, @Nullable String> environment) {
            return known(environment.apply(variable), otherwise);
        }
    }

    /** A field of the head. */
    record Header(String name, HeaderRef header, String otherwise) implements SpanTag {
        @Override
        public @Nullable String value(RequestHead request, Function<String, @Nullable String> environment) {
            return known(header.in(request), otherwise);
        }
    }

    private static @Nullable String known(@Nullable String value, String otherwise) {
        return value != null ? value : otherwise.isEmpty() ? null : otherwise;
    }

    /** @param ignored takes a sentence for each of a form that is not known: a tag must not keep a listener from working */
    static List<SpanTag> all(List<CustomTag> protos, Place at, List<String> ignored) throws CompileException {
        List<SpanTag> tags = new ArrayList<>();
        for (int i = 0; i < protos.size(); i++) {
            CustomTag proto = protos.get(i);
            Place here = at.item("custom_tags", i).named(proto.getTag());
            switch (proto.getTypeCase()) {
                case LITERAL ->
                    tags.add(new Literal(proto.getTag(), proto.getLiteral().getValue()));
                case ENVIRONMENT ->
                    tags.add(new Environment(
                            proto.getTag(),
                            proto.getEnvironment().getName(),
                            proto.getEnvironment().getDefaultValue()));
                case REQUEST_HEADER ->
                    tags.add(new Header(
                            proto.getTag(),
                            HeaderRef.of(proto.getRequestHeader().getName(), here),
                            proto.getRequestHeader().getDefaultValue()));
                case METADATA, TYPE_NOT_SET ->
                    ignored.add(here + ": a tag of this form is not known: " + proto.getTypeCase());
            }
        }
        return List.copyOf(tags);
    }
}
