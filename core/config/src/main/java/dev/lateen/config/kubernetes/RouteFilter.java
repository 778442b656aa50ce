package dev.lateen.config.kubernetes;

import dev.lateen.config.networking.HeaderNames;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One change of requests or answers; the field named by the type holds it. */
public record RouteFilter(
        @Required Type type,
        @Nullable HeaderModifier requestHeaderModifier,
        @Nullable HeaderModifier responseHeaderModifier,
        @Nullable Mirror requestMirror,
        @Nullable Redirect requestRedirect,
        @Nullable Rewrite urlRewrite,
        @Nullable Cors cors,
        @Nullable ObjectReference extensionRef)
        implements Checked {
    @Override
    public void check(Findings findings) {
        Object wanted =
                switch (type) {
                    case RequestHeaderModifier -> requestHeaderModifier;
                    case ResponseHeaderModifier -> responseHeaderModifier;
                    case RequestMirror -> requestMirror;
                    case RequestRedirect -> requestRedirect;
                    case URLRewrite -> urlRewrite;
                    case CORS -> cors;
                    case ExtensionRef -> extensionRef;
                };
        long given = Stream.of(
                        requestHeaderModifier,
                        responseHeaderModifier,
                        requestMirror,
                        requestRedirect,
                        urlRewrite,
                        cors,
                        extensionRef)
                .filter(Objects::nonNull)
                .count();
        if (wanted == null || given != 1) {
            findings.error("type", type + " needs the field of its name, and no other one");
        }
    }

    /** What a filter does. */
    public enum Type {
        RequestHeaderModifier,
        ResponseHeaderModifier,
        RequestMirror,
        RequestRedirect,
        URLRewrite,
        CORS,
        ExtensionRef
    }

    /** Changes of header fields. */
    public record HeaderModifier(List<HeaderValue> set, List<HeaderValue> add, List<String> remove) implements Checked {
        @Override
        public void check(Findings findings) {
            for (int i = 0; i < remove.size(); i++) {
                HeaderNames.checkRemoval(remove.get(i), "remove[" + i + "]", findings);
            }
        }
    }

    /** One header field. */
    public record HeaderValue(@Required String name, String value) implements Checked {
        @Override
        public void check(Findings findings) {
            HeaderNames.checkChange(name, value, "value", findings);
        }
    }

    /** Copies requests; null shares mean all. */
    public record Mirror(
            @Required BackendObject backendRef,
            @Range(min = 0, max = 100) @Nullable Integer percent,
            @Nullable Fraction fraction) {}

    /** A share; no denominator means 100. */
    public record Fraction(
            @Range(min = 0) int numerator,
            @Range(min = 1) @Nullable Integer denominator) {}

    /** Answers with a redirection; what is null stays as it is. */
    public record Redirect(
            @Nullable Scheme scheme,
            @Nullable String hostname,
            @Nullable PathModifier path,
            @Range(min = 1, max = 65535) @Nullable Integer port,
            @Range(min = 301, max = 308) @Nullable Integer statusCode) {}

    /** See {@link Redirect}. */
    public enum Scheme {
        http,
        https
    }

    /** Changes a request before it is forwarded. */
    public record Rewrite(
            @Nullable String hostname, @Nullable PathModifier path) {}

    /** Another path, or another beginning where the match was by prefix. */
    public record PathModifier(
            @Required PathModifierType type,
            @Nullable String replaceFullPath,
            @Nullable String replacePrefixMatch) implements Checked {
        @Override
        public void check(Findings findings) {
            boolean full = type == PathModifierType.ReplaceFullPath;
            if (full != (replaceFullPath != null) || full == (replacePrefixMatch != null)) {
                findings.error("type", type + " needs the field of its name, and no other one");
            }
        }
    }

    /** See {@link PathModifier}. */
    public enum PathModifierType {
        ReplaceFullPath,
        ReplacePrefixMatch
    }

    /** Answers to browsers of other origins. */
    public record Cors(
            List<String> allowOrigins,
            @Nullable Boolean allowCredentials,
            List<String> allowMethods,
            List<String> allowHeaders,
            List<String> exposeHeaders,
            @Nullable @Range(min = 0) Integer maxAge) {
        public @Nullable Duration age() {
            return maxAge == null ? null : Duration.ofSeconds(maxAge);
        }
    }
}
