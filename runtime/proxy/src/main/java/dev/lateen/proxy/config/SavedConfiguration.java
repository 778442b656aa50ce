package dev.lateen.proxy.config;

import com.google.protobuf.Any;
import dev.lateen.xds.client.ResourceUpdate;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * A configuration in a file: for a proxy that starts while its control plane is away. A file is written beside the one that
 * is there and takes its place when it is on disk, so that there is always a whole one; only its owner may read it. It
 * holds responses of ADS, compressed with a checksum.
 *
 * @param node whose configuration it is
 * @param saved when it was written
 * @param updates as the control plane sent them, one of each type
 */
public record SavedConfiguration(String node, Instant saved, List<ResourceUpdate> updates) {
    /** More is neither written nor read: some 4,000 services in sight of one proxy. */
    static final int MOST_BYTES = 16 << 20;

    private static final String FORMAT = "lateen configuration 1";

    public SavedConfiguration {
        updates = List.copyOf(updates);
    }

    /** The updates of these types, in their order here. */
    public List<ResourceUpdate> of(String... types) {
        return Stream.of(types)
                .flatMap(type -> updates.stream().filter(update -> update.type().equals(type)))
                .toList();
    }

    /**
     * Writes it. Blocks until it is on disk.
     *
     * @throws IOException when it cannot be written, or is too large; the file that was there stays
     */
    public void write(Path file) throws IOException {
        List<DeltaDiscoveryResponse> responses =
                updates.stream().map(SavedConfiguration::response).toList();
        long bytes = responses.stream()
                .mapToLong(DeltaDiscoveryResponse::getSerializedSize)
                .sum();
        if (bytes > MOST_BYTES) {
            throw new IOException("it has " + bytes + " bytes, at most " + MOST_BYTES + " are kept");
        }
        Path beside = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(beside);
        FileAttribute<?> owners = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        try (FileChannel channel =
                FileChannel.open(beside, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), owners)) {
            OutputStream all = new BufferedOutputStream(Channels.newOutputStream(channel));
            try (GZIPOutputStream compressed = new GZIPOutputStream(all)) {
                DataOutputStream out = new DataOutputStream(compressed);
                out.writeUTF(FORMAT);
                out.writeUTF(node);
                out.writeLong(saved.toEpochMilli());
                out.writeInt(responses.size());
                for (DeltaDiscoveryResponse response : responses) {
                    out.writeInt(response.getSerializedSize());
                    response.writeTo(out);
                }
                out.flush();
                compressed.finish();
                all.flush();
                channel.force(true);
            }
        }
        Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static DeltaDiscoveryResponse response(ResourceUpdate update) {
        DeltaDiscoveryResponse.Builder response =
                DeltaDiscoveryResponse.newBuilder().setTypeUrl(update.type());
        update.changed()
                .forEach(resource -> response.addResources(Resource.newBuilder()
                        .setName(resource.name())
                        .setVersion(resource.version())
                        .setResource(resource.body())));
        return response.build();
    }

    /** An update of all that is kept of a type. */
    static ResourceUpdate update(String type, Map<String, KeptResource> kept) {
        List<ResourceUpdate.Resource> resources = new ArrayList<>();
        kept.forEach((name, resource) ->
                resources.add(new ResourceUpdate.Resource(name, resource.version(), Any.pack(resource.body()))));
        return new ResourceUpdate(type, resources, List.of());
    }

    /**
     * Reads one.
     *
     * @throws IOException when there is none, when it is damaged or too large, or of another format
     */
    public static SavedConfiguration read(Path file) throws IOException {
        try (InputStream compressed = new GZIPInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            // All of it, so that the checksum at its end is checked before anything is believed.
            byte[] bytes = compressed.readNBytes(MOST_BYTES * 2);
            if (compressed.read() >= 0) {
                throw new IOException("it is larger than any that is written");
            }
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
            String format = in.readUTF();
            if (!format.equals(FORMAT)) {
                throw new IOException("it is of another format, \"" + format + "\"");
            }
            String node = in.readUTF();
            Instant saved = Instant.ofEpochMilli(in.readLong());
            int count = in.readInt();
            List<ResourceUpdate> updates = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int length = in.readInt();
                if (length < 0 || length > in.available()) {
                    throw new IOException("it ends within a message");
                }
                updates.add(ResourceUpdate.of(DeltaDiscoveryResponse.parseFrom(in.readNBytes(length))));
            }
            return new SavedConfiguration(node, saved, updates);
        }
    }
}
