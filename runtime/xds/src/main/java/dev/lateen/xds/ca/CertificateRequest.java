package dev.lateen.xds.ca;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Struct;
import com.google.protobuf.WireFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;

/**
 * {@code istio.v1.auth.IstioCertificateRequest}: asks for a certificate for a key.
 *
 * @param csr a PKCS #10 request (RFC 2986) in PEM; it proves that its sender has the key, and says nothing of who he is
 * @param validity how long the certificate is to live, in whole seconds; zero leaves it to the authority
 * @param metadata further wishes, such as {@code CertSigner}
 */
public record CertificateRequest(String csr, Duration validity, Struct metadata) {
    private static final int CSR = 1;
    private static final int VALIDITY_DURATION = 3;
    private static final int METADATA = 4;

    public CertificateRequest(String csr, Duration validity) {
        this(csr, validity, Struct.getDefaultInstance());
    }

    byte[] encode() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        try {
            if (!csr.isEmpty()) {
                out.writeString(CSR, csr);
            }
            if (!validity.isZero()) {
                out.writeInt64(VALIDITY_DURATION, validity.toSeconds());
            }
            if (metadata.getFieldsCount() > 0) {
                out.writeMessage(METADATA, metadata);
            }
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("memory takes every byte", e);
        }
        return bytes.toByteArray();
    }

    /** Reads a message; fields of later versions are passed over, as protobuf has it. */
    static CertificateRequest decode(InputStream bytes) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        String csr = "";
        long seconds = 0;
        Struct metadata = Struct.getDefaultInstance();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case CSR -> csr = in.readStringRequireUtf8();
                case VALIDITY_DURATION -> seconds = in.readInt64();
                case METADATA -> metadata = Struct.parseFrom(in.readByteArray());
                default -> in.skipField(tag);
            }
        }
        return new CertificateRequest(csr, Duration.ofSeconds(seconds), metadata);
    }
}
