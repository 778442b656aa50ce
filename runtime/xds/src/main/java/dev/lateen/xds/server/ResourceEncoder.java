package dev.lateen.xds.server;

import com.google.common.collect.Interner;
import com.google.common.collect.Interners;
import com.google.common.collect.MapMaker;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentMap;

/**
 * Turns messages into wire form, once each. A message that was encoded before (the same instance) costs a look-up; a
 * new message with the same content is encoded, but gives the same {@link EncodedResource}, so that its bytes are held
 * once for all clients. Both memories are weak. Safe for many threads.
 */
public final class ResourceEncoder {
    private final ConcurrentMap<Message, EncodedResource> byIdentity =
            new MapMaker().weakKeys().makeMap();
    private final Interner<EncodedResource> byContent = Interners.newWeakInterner();

    /**
     * @param resources type URL → name → message, names in the order in which they are to be sent
     * @param generation grows with each change of what the resources are made from; comes back in the metrics
     */
    public ResourceSet encode(Map<String, ? extends Map<String, ? extends Message>> resources, long generation) {
        Map<String, Map<String, EncodedResource>> encoded = new LinkedHashMap<>();
        resources.forEach((type, messages) -> {
            Map<String, EncodedResource> ofType = LinkedHashMap.newLinkedHashMap(messages.size());
            messages.forEach((name, message) -> ofType.put(name, encode(type, name, message)));
            encoded.put(type, Collections.unmodifiableMap(ofType));
        });
        return new ResourceSet(Collections.unmodifiableMap(encoded), generation);
    }

    private EncodedResource encode(String type, String name, Message message) {
        EncodedResource known = byIdentity.get(message);
        if (known != null
                && known.name().equals(name)
                && known.body().getTypeUrl().equals(type)) {
            return known;
        }
        ByteString bytes = message.toByteString();
        EncodedResource encoded = byContent.intern(new EncodedResource(Resource.newBuilder()
                .setName(name)
                .setVersion(version(type, bytes))
                .setResource(Any.newBuilder().setTypeUrl(type).setValue(bytes))
                .build()));
        byIdentity.put(message, encoded);
        return encoded;
    }

    private static String version(String type, ByteString bytes) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
        digest.update(type.getBytes(StandardCharsets.UTF_8));
        digest.update(bytes.asReadOnlyByteBuffer());
        return HexFormat.of().formatHex(digest.digest(), 0, 16);
    }
}
