package dev.lateen.xds.ca;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code istio.v1.auth.IstioCertificateResponse}: what the authority signed.
 *
 * @param certificates in PEM, the new certificate first, the root last; at least two, since Istio's agents want both
 */
public record CertificateChain(List<String> certificates) {
    private static final int CERT_CHAIN = 1;

    public CertificateChain {
        certificates = List.copyOf(certificates);
    }

    byte[] encode() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        try {
            for (String certificate : certificates) {
                out.writeString(CERT_CHAIN, certificate);
            }
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("memory takes every byte", e);
        }
        return bytes.toByteArray();
    }

    static CertificateChain decode(InputStream bytes) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        List<String> certificates = new ArrayList<>();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (WireFormat.getTagFieldNumber(tag) == CERT_CHAIN) {
                certificates.add(in.readStringRequireUtf8());
            } else {
                in.skipField(tag);
            }
        }
        return new CertificateChain(certificates);
    }
}
