package dev.lateen.proxycore.filter;

import com.google.protobuf.Any;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.envoyproxy.envoy.extensions.compression.gzip.compressor.v3.Gzip;
import io.envoyproxy.envoy.extensions.filters.http.compressor.v3.Compressor;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Compresses answers with gzip for clients that take it (Envoy documentation, compressor filter; RFC 9110 sections 8.4
 * and 12.5.3). Immutable.
 *
 * @param enabled whether answers are compressed at all
 * @param minimumLength shorter answers stay as they are, where their length is known beforehand
 * @param contentTypes what is compressed, in lower case and without parameters
 * @param notWithEtag whether answers with an entity tag stay as they are; else a strong tag is taken away
 * @param hidesAcceptEncoding whether the app does not see what the client takes
 * @param level of the compressor, 1 to 9, or -1 for its default
 */
public record Compression(
        boolean enabled,
        int minimumLength,
        Set<String> contentTypes,
        boolean notWithEtag,
        boolean hidesAcceptEncoding,
        int level) {
    private static final int DEFAULT_MINIMUM = 30;
    private static final Set<String> DEFAULT_TYPES = Set.of(
            "application/javascript",
            "application/json",
            "application/xhtml+xml",
            "image/svg+xml",
            "text/css",
            "text/html",
            "text/plain",
            "text/xml");

    private static final FieldName ACCEPT_ENCODING = FieldName.of("accept-encoding");
    private static final FieldName CACHE_CONTROL = FieldName.of("cache-control");
    private static final FieldName CONTENT_ENCODING = FieldName.of("content-encoding");
    private static final FieldName ETAG = FieldName.of("etag");

    public Compression {
        contentTypes = Set.copyOf(contentTypes);
    }

    @SuppressWarnings("deprecation") // the same options where they once were
    static Compression of(Compressor proto, Place at) throws CompileException {
        var response = proto.getResponseDirectionConfig();
        Place responseAt = at.field("response_direction_config");
        var common = response.getCommonConfig();
        Place commonAt = responseAt.field("common_config");
        int minimum = proto.hasContentLength() ? at.number(proto.getContentLength()) : DEFAULT_MINIMUM;
        List<String> types =
                common.getContentTypeCount() > 0 ? common.getContentTypeList() : proto.getContentTypeList();
        return new Compression(
                !common.hasEnabled() || common.getEnabled().getDefaultValue().getValue(),
                common.hasMinContentLength() ? commonAt.number(common.getMinContentLength()) : minimum,
                types.isEmpty()
                        ? DEFAULT_TYPES
                        : Set.copyOf(types.stream()
                                .map(type -> type.toLowerCase(Locale.ROOT))
                                .toList()),
                response.getDisableOnEtagHeader() || proto.getDisableOnEtagHeader(),
                response.getRemoveAcceptEncodingHeader() || proto.getRemoveAcceptEncodingHeader(),
                level(proto.getCompressorLibrary().getTypedConfig(), at.field("compressor_library")));
    }

    private static int level(Any library, Place at) throws CompileException {
        if (!library.is(Gzip.class)) {
            throw at.refuse("only gzip is supported, not " + Extensions.typeName(library));
        }
        Gzip gzip = at.unpack(library, Gzip.class);
        int level = gzip.getCompressionLevelValue();
        return level >= 1 && level <= 9 ? level : -1;
    }

    /** Whether the client takes gzip. Changes the request as the app is to see it. */
    public boolean wanted(RequestHead request) {
        String accepted = request.fields().joined(ACCEPT_ENCODING);
        if (hidesAcceptEncoding && accepted != null) {
            request.fields().remove(ACCEPT_ENCODING);
        }
        return enabled && accepted != null && accepts(accepted);
    }

    private static boolean accepts(String accepted) {
        double gzip = -1;
        double any = -1;
        for (String coding : accepted.split(",")) {
            int semicolon = coding.indexOf(';');
            String name = (semicolon < 0 ? coding : coding.substring(0, semicolon)).trim();
            double quality = semicolon < 0 ? 1 : quality(coding.substring(semicolon + 1));
            if (name.equalsIgnoreCase("gzip") || name.equalsIgnoreCase("x-gzip")) {
                gzip = quality;
            } else if (name.equals("*")) {
                any = quality;
            }
        }
        return gzip >= 0 ? gzip > 0 : any > 0;
    }

    private static double quality(String parameters) {
        String text = parameters.trim();
        if (!text.regionMatches(true, 0, "q=", 0, 2)) {
            return 1;
        }
        try {
            return Double.parseDouble(text.substring(2).trim());
        } catch (NumberFormatException e) {
            return 0; // what cannot be read is not wanted
        }
    }

    /**
     * Whether the content of this answer, of which there is some, is compressed; if so, its head says so from here on.
     */
    public boolean begin(ResponseHead response) {
        Fields fields = response.fields();
        if (response.status() < 200
                || response.status() == 206
                || fields.contains(CONTENT_ENCODING)
                || fields.hasToken(CACHE_CONTROL, "no-transform")
                || (notWithEtag && fields.contains(ETAG))
                || !typed(fields.get(FieldName.CONTENT_TYPE))
                || tooShort(fields.get(FieldName.CONTENT_LENGTH))) {
            return false;
        }
        fields.remove(FieldName.CONTENT_LENGTH);
        fields.set(CONTENT_ENCODING, "gzip");
        if (!fields.hasToken(FieldName.VARY, "accept-encoding")) {
            String vary = fields.joined(FieldName.VARY);
            fields.set(FieldName.VARY, vary == null ? "Accept-Encoding" : vary + ", Accept-Encoding");
        }
        String tag = fields.get(ETAG);
        if (tag != null && !tag.regionMatches(true, 0, "W/", 0, 2)) {
            fields.remove(ETAG); // a strong one says that every byte is the same
        }
        return true;
    }

    private boolean typed(@org.jspecify.annotations.Nullable String type) {
        if (type == null) {
            return true;
        }
        int semicolon = type.indexOf(';');
        return contentTypes.contains(
                (semicolon < 0 ? type : type.substring(0, semicolon)).trim().toLowerCase(Locale.ROOT));
    }

    private boolean tooShort(@org.jspecify.annotations.Nullable String length) {
        try {
            return length != null && Long.parseLong(length) < minimumLength;
        } catch (NumberFormatException e) {
            return true;
        }
    }
}
