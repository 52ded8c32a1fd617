"""Objects: writing, reading, copying, conditions, checksums, tags, listings and presigned addresses, as Amazon S3's API reference has them."""
import base64
import datetime
import hashlib
import zlib

from harness import alt, body, bucket, check, client, code, http, main, main_v2, md5, nobody, refused, same, url

odd_keys = ['a b', 'a+b', 'ü/日本', "q'uote\"", 'a//b', '/lead', 'trail/', 'a?b=c&d', '%41', 'a\\b', '.', '..', '~!*()', 'a\tb', '007', 'x' * 1024]


@check(*odd_keys)
def a_key_survives(key):
    Bucket = bucket()
    main.put_object(Bucket=Bucket, Key=key, Body=key.encode())
    same(body({'Bucket': Bucket, 'Key': key}), key.encode())
    same([each['Key'] for each in main.list_objects_v2(Bucket=Bucket)['Contents']], [key])
    main.delete_objects(Bucket=Bucket, Delete={'Objects': [{'Key': key}]})
    same(main.list_objects_v2(Bucket=Bucket)['KeyCount'], 0)


@check(0, 1, 65_536, 65_537, 1_000_003, 6 * 1024 * 1024)
def bytes_survive(size):
    Bucket, data = bucket(), bytes(index * 31 % 251 for index in range(min(size, 5000))) * (size // 5000 + 1)
    data = data[:size]
    same(main.put_object(Bucket=Bucket, Key='k', Body=data)['ETag'], f'"{md5(data)}"')
    found = main.get_object(Bucket=Bucket, Key='k')
    same([found['ContentLength'], found['ETag'], md5(found['Body'].read())], [size, f'"{md5(data)}"', md5(data)])


@check()
def headers_come_back():
    Bucket = bucket()
    kept = {'CacheControl': 'no-cache', 'ContentDisposition': 'attachment', 'ContentEncoding': 'gzip', 'ContentLanguage': 'de', 'ContentType': 'text/x', 'Metadata': {'a-b': 'c d', 'n': '1'}}
    main.put_object(Bucket=Bucket, Key='k', Body=b'x', Expires=datetime.datetime(2030, 1, 1), **kept)
    head = main.head_object(Bucket=Bucket, Key='k')
    same({name: head[name] for name in kept}, kept)
    same(head['ResponseMetadata']['HTTPHeaders']['expires'], 'Tue, 01 Jan 2030 00:00:00 GMT')
    same(head['AcceptRanges'], 'bytes')


@check(('ContentType', 'text/html'), ('CacheControl', 'no'), ('ContentDisposition', 'inline; a="b"'), ('ContentEncoding', 'br'), ('ContentLanguage', 'fr'))
def a_read_overrides(name, value):
    Bucket = bucket()
    main.put_object(Bucket=Bucket, Key='k', Body=b'x')
    same(main.get_object(Bucket=Bucket, Key='k', **{f'Response{name}': value})[name], value)


@check(('bytes=0-0', b'0', 206), ('bytes=2-4', b'234', 206), ('bytes=7-', b'789', 206), ('bytes=-3', b'789', 206), ('bytes=5-100', b'56789', 206), ('bytes=-100', b'0123456789', 206), ('bytes=x', b'0123456789', 200))
def a_range_is_read(asked, expected, status):
    Bucket = bucket()
    main.put_object(Bucket=Bucket, Key='k', Body=b'0123456789')
    found = main.get_object(Bucket=Bucket, Key='k', Range=asked)
    same([found['Body'].read(), found['ResponseMetadata']['HTTPStatusCode']], [expected, status])


@check('bytes=10-', 'bytes=100-200', 'bytes=-0')
def a_range_beyond_is_refused(asked):
    Bucket = bucket()
    main.put_object(Bucket=Bucket, Key='k', Body=b'0123456789')
    refused('416 InvalidRange', main.get_object, Bucket=Bucket, Key='k', Range=asked)


past, future = datetime.datetime(2020, 1, 1), datetime.datetime.now() + datetime.timedelta(days=2)


@check(('IfMatch', '"no"', '412 PreconditionFailed'), ('IfMatch', 'etag', 'ok'), ('IfNoneMatch', 'etag', '304 304'), ('IfNoneMatch', '"no"', 'ok'), ('IfModifiedSince', future, '304 304'),
       ('IfModifiedSince', past, 'ok'), ('IfUnmodifiedSince', past, '412 PreconditionFailed'), ('IfUnmodifiedSince', future, 'ok'), ('IfMatch', '*', 'ok'))
def a_read_on_a_condition(name, value, expected):
    Bucket = bucket()
    etag = main.put_object(Bucket=Bucket, Key='k', Body=b'x')['ETag']
    # A day ahead counts as none (RFC 9110, 13.1.3), so a later moment is tried where it must be valid.
    value = datetime.datetime.now(datetime.timezone.utc) if name == 'IfModifiedSince' and value is future else value
    found = code(main.get_object, Bucket=Bucket, Key='k', **{name: etag if value == 'etag' else value})
    same(found, expected)


@check()
def conditions_on_reads_together():
    Bucket = bucket()
    etag = main.put_object(Bucket=Bucket, Key='k', Body=b'x')['ETag']
    same(code(main.get_object, Bucket=Bucket, Key='k', IfMatch=etag, IfUnmodifiedSince=past), 'ok')
    same(code(main.get_object, Bucket=Bucket, Key='k', IfNoneMatch=etag, IfModifiedSince=past), '304 304')


@check()
def writes_on_a_condition():
    Bucket = bucket()
    first = main.put_object(Bucket=Bucket, Key='k', Body=b'1', IfNoneMatch='*')['ETag']
    refused('412 PreconditionFailed', main.put_object, Bucket=Bucket, Key='k', Body=b'2', IfNoneMatch='*')
    refused('412 PreconditionFailed', main.put_object, Bucket=Bucket, Key='k', Body=b'2', IfMatch='"no"')
    refused('404 NoSuchKey', main.put_object, Bucket=Bucket, Key='other', Body=b'2', IfMatch=first)
    main.put_object(Bucket=Bucket, Key='k', Body=b'2', IfMatch=first)
    same(body({'Bucket': Bucket, 'Key': 'k'}), b'2')


@check()
def an_upload_ends_on_a_condition():
    Bucket = bucket()
    main.put_object(Bucket=Bucket, Key='k', Body=b'1')
    upload = main.create_multipart_upload(Bucket=Bucket, Key='k')['UploadId']
    etag = main.upload_part(Bucket=Bucket, Key='k', UploadId=upload, PartNumber=1, Body=b'2')['ETag']
    parts = {'Parts': [{'PartNumber': 1, 'ETag': etag}]}
    refused('412 PreconditionFailed', main.complete_multipart_upload, Bucket=Bucket, Key='k', UploadId=upload, MultipartUpload=parts, IfNoneMatch='*')
    same(body({'Bucket': Bucket, 'Key': 'k'}), b'1')
    main.complete_multipart_upload(Bucket=Bucket, Key='k', UploadId=upload, MultipartUpload=parts)
    same(body({'Bucket': Bucket, 'Key': 'k'}), b'2')


@check()
def a_delete_on_a_condition():
    Bucket = bucket()
    etag = main.put_object(Bucket=Bucket, Key='k', Body=b'1')['ETag']
    refused('412 PreconditionFailed', main.delete_object, Bucket=Bucket, Key='k', IfMatch='"no"')
    refused('404 NoSuchKey', main.delete_object, Bucket=Bucket, Key='none', IfMatch='*')
    done = main.delete_objects(Bucket=Bucket, Delete={'Objects': [{'Key': 'k', 'ETag': '"no"'}]})
    same([each['Code'] for each in done['Errors']], ['PreconditionFailed'])
    main.delete_object(Bucket=Bucket, Key='k', IfMatch=etag)
    refused('404 404', main.head_object, Bucket=Bucket, Key='k')


def copied(how, **more):
    Bucket = bucket()
    main.put_object(Bucket=Bucket, Key='a', Body=b'source', ContentType='text/a', Metadata={'m': '1'}, Tagging='t=1')
    return Bucket, code(main.copy_object, Bucket=Bucket, Key=how, CopySource={'Bucket': Bucket, 'Key': 'a'}, **more)


@check(('COPY', 'text/a', {'m': '1'}), ('REPLACE', 'text/b', {'n': '2'}))
def a_copy_takes_metadata(directive, kind, metadata):
    Bucket, done = copied('b', MetadataDirective=directive, ContentType='text/b', Metadata={'n': '2'})
    same(done, 'ok')
    head = main.head_object(Bucket=Bucket, Key='b')
    same([head['ContentType'], head['Metadata'], body({'Bucket': Bucket, 'Key': 'b'})], [kind, metadata, b'source'])


@check(('COPY', [{'Key': 't', 'Value': '1'}]), ('REPLACE', [{'Key': 'u', 'Value': '2'}]))
def a_copy_takes_tags(directive, tags):
    Bucket, _ = copied('b', TaggingDirective=directive, **({'Tagging': 'u=2'} if directive == 'REPLACE' else {}))
    same(main.get_object_tagging(Bucket=Bucket, Key='b')['TagSet'], tags)


@check()
def a_copy_to_itself_must_change_something():
    same(copied('a')[1], '400 InvalidRequest')
    same(copied('a', MetadataDirective='REPLACE')[1], 'ok')


@check(('CopySourceIfMatch', '"no"'), ('CopySourceIfNoneMatch', f'"{md5(b"source")}"'), ('CopySourceIfUnmodifiedSince', past))
def a_copy_on_a_condition(name, value):
    same(copied('b', **{name: value})[1], '412 PreconditionFailed')


@check()
def a_copy_of_nothing():
    Bucket = bucket()
    refused('404 NoSuchKey', main.copy_object, Bucket=Bucket, Key='b', CopySource={'Bucket': Bucket, 'Key': 'none'})
    refused('404 NoSuchBucket', main.copy_object, Bucket=Bucket, Key='b', CopySource={'Bucket': f'{Bucket}-none', 'Key': 'none'})


def crc32(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, 'big')).decode()


def sha(name):
    return lambda data: base64.b64encode(hashlib.new(name, data).digest()).decode()


@check(('CRC32', crc32), ('SHA1', sha('sha1')), ('SHA256', sha('sha256')))
def a_checksum_is_kept_and_held(name, of):
    Bucket = bucket()
    field = f'Checksum{name}'
    same(main.put_object(Bucket=Bucket, Key='k', Body=b'abc', ChecksumAlgorithm=name)[field], of(b'abc'))
    same(main.put_object(Bucket=Bucket, Key='k', Body=b'abc', **{field: of(b'abc')})[field], of(b'abc'))
    found = main.head_object(Bucket=Bucket, Key='k', ChecksumMode='ENABLED')
    same([found[field], found['ChecksumType']], [of(b'abc'), 'FULL_OBJECT'])
    same(main.get_object_attributes(Bucket=Bucket, Key='k', ObjectAttributes=['Checksum'])['Checksum'][field], of(b'abc'))
    same(main.list_objects_v2(Bucket=Bucket)['Contents'][0].get('Size'), 3)
    refused('400 BadDigest', main.put_object, Bucket=Bucket, Key='bad', Body=b'abd', **{field: of(b'abc')})
    refused('404 404', main.head_object, Bucket=Bucket, Key='bad')


@check()
def a_digest_that_is_none():
    Bucket = bucket()
    same(code(main.put_object, Bucket=Bucket, Key='k', Body=b'abc', ContentMD5=base64.b64encode(hashlib.md5(b'abd').digest()).decode()), '400 BadDigest')
    same(code(main.put_object, Bucket=Bucket, Key='k', Body=b'abc', ContentMD5='bad'), '400 InvalidDigest')


part = b'p' * (5 * 1024 * 1024)


@check(('COMPOSITE', 'SHA256', lambda whole, parts: base64.b64encode(hashlib.sha256(b''.join(hashlib.sha256(each).digest() for each in parts)).digest()).decode() + '-2'),
       ('FULL_OBJECT', 'CRC32', lambda whole, parts: crc32(whole)))
def an_upload_in_parts(kind, name, expected):
    Bucket, parts = bucket(), [part, b'end']
    upload = main.create_multipart_upload(Bucket=Bucket, Key='k', ChecksumAlgorithm=name, ChecksumType=kind, Metadata={'m': '1'}, Tagging='t=1')['UploadId']
    done = []
    for number, data in enumerate(parts, 1):
        answer = main.upload_part(Bucket=Bucket, Key='k', UploadId=upload, PartNumber=number, Body=data, ChecksumAlgorithm=name)
        done.append({'PartNumber': number, 'ETag': answer['ETag'], f'Checksum{name}': answer[f'Checksum{name}']})
    listed = main.list_parts(Bucket=Bucket, Key='k', UploadId=upload)
    same([[each['PartNumber'], each['Size']] for each in listed['Parts']], [[1, len(part)], [2, 3]])
    same([each['Key'] for each in main.list_multipart_uploads(Bucket=Bucket)['Uploads']], ['k'])
    answer = main.complete_multipart_upload(Bucket=Bucket, Key='k', UploadId=upload, MultipartUpload={'Parts': done})
    same([answer[f'Checksum{name}'], answer['ChecksumType']], [expected(b''.join(parts), parts), kind])
    etag = hashlib.md5(b''.join(hashlib.md5(each).digest() for each in parts)).hexdigest() + '-2'
    head = main.head_object(Bucket=Bucket, Key='k')
    same([head['ETag'], head['Metadata'], head['ContentLength']], [f'"{etag}"', {'m': '1'}, len(part) + 3])
    found = main.get_object(Bucket=Bucket, Key='k', PartNumber=2)
    same([found['Body'].read(), found['PartsCount'], found['ContentRange']], [b'end', 2, f'bytes {len(part)}-{len(part) + 2}/{len(part) + 3}'])
    same(main.head_object(Bucket=Bucket, Key='k', PartNumber=1)['ContentLength'], len(part))
    refused('416 InvalidPartNumber', main.get_object, Bucket=Bucket, Key='k', PartNumber=3)
    same(main.get_object_attributes(Bucket=Bucket, Key='k', ObjectAttributes=['ObjectParts'])['ObjectParts']['TotalPartsCount'], 2)
    same('Uploads' in main.list_multipart_uploads(Bucket=Bucket), False)


@check(('wrong etag', '400 InvalidPart'), ('missing part', '400 InvalidPart'), ('out of order', '400 InvalidPartOrder'), ('too small', '400 EntityTooSmall'), ('no parts', '400 MalformedXML'))
def an_upload_cannot_end(why, expected):
    Bucket = bucket()
    upload = main.create_multipart_upload(Bucket=Bucket, Key='k')['UploadId']
    etags = [main.upload_part(Bucket=Bucket, Key='k', UploadId=upload, PartNumber=number, Body=b'x')['ETag'] for number in (1, 2)]
    both = [{'PartNumber': 1, 'ETag': etags[0]}, {'PartNumber': 2, 'ETag': etags[1]}]
    asked = {'wrong etag': [{'PartNumber': 1, 'ETag': '"no"'}], 'missing part': [{'PartNumber': 3, 'ETag': etags[0]}], 'out of order': both[::-1], 'too small': both, 'no parts': []}[why]
    refused(expected, main.complete_multipart_upload, Bucket=Bucket, Key='k', UploadId=upload, MultipartUpload={'Parts': asked})
    refused('404 404', main.head_object, Bucket=Bucket, Key='k')


@check()
def an_upload_is_aborted():
    Bucket = bucket()
    upload = main.create_multipart_upload(Bucket=Bucket, Key='k')['UploadId']
    main.upload_part(Bucket=Bucket, Key='k', UploadId=upload, PartNumber=1, Body=b'x')
    main.abort_multipart_upload(Bucket=Bucket, Key='k', UploadId=upload)
    refused('404 NoSuchUpload', main.list_parts, Bucket=Bucket, Key='k', UploadId=upload)
    refused('404 NoSuchUpload', main.upload_part, Bucket=Bucket, Key='k', UploadId=upload, PartNumber=1, Body=b'x')
    refused('404 NoSuchUpload', main.abort_multipart_upload, Bucket=Bucket, Key='k', UploadId='none')


@check(0, 10_001)
def a_part_number_that_is_none(number):
    Bucket = bucket()
    upload = main.create_multipart_upload(Bucket=Bucket, Key='k')['UploadId']
    refused('400 InvalidArgument', main.upload_part, Bucket=Bucket, Key='k', UploadId=upload, PartNumber=number, Body=b'x')


@check()
def parts_are_copied():
    Bucket = bucket()
    main.put_object(Bucket=Bucket, Key='a', Body=b'0123456789')
    upload = main.create_multipart_upload(Bucket=Bucket, Key='k')['UploadId']
    etag = main.upload_part_copy(Bucket=Bucket, Key='k', UploadId=upload, PartNumber=1, CopySource={'Bucket': Bucket, 'Key': 'a'}, CopySourceRange='bytes=2-5')['CopyPartResult']['ETag']
    main.complete_multipart_upload(Bucket=Bucket, Key='k', UploadId=upload, MultipartUpload={'Parts': [{'PartNumber': 1, 'ETag': etag}]})
    same(body({'Bucket': Bucket, 'Key': 'k'}), b'2345')


@check()
def tags_of_an_object():
    Bucket = bucket()
    main.put_object(Bucket=Bucket, Key='k', Body=b'x', Tagging='a=1&b=%20')
    same(main.get_object_tagging(Bucket=Bucket, Key='k')['TagSet'], [{'Key': 'a', 'Value': '1'}, {'Key': 'b', 'Value': ' '}])
    same(main.get_object(Bucket=Bucket, Key='k')['TagCount'], 2)
    main.put_object_tagging(Bucket=Bucket, Key='k', Tagging={'TagSet': [{'Key': 'c', 'Value': ''}]})
    same(main.get_object_tagging(Bucket=Bucket, Key='k')['TagSet'], [{'Key': 'c', 'Value': ''}])
    main.delete_object_tagging(Bucket=Bucket, Key='k')
    same(main.get_object_tagging(Bucket=Bucket, Key='k')['TagSet'], [])


@check(('eleven', [{'Key': str(number), 'Value': ''} for number in range(11)], '400 InvalidTag'), ('one twice', [{'Key': 'a', 'Value': ''}] * 2, '400 InvalidTag'),
       ('a long key', [{'Key': 'k' * 129, 'Value': ''}], '400 InvalidTag'), ('a long value', [{'Key': 'k', 'Value': 'v' * 257}], '400 InvalidTag'))
def tags_that_are_refused(_name, tags, expected):
    Bucket = bucket()
    main.put_object(Bucket=Bucket, Key='k', Body=b'x')
    refused(expected, main.put_object_tagging, Bucket=Bucket, Key='k', Tagging={'TagSet': tags})


listed = ['a', 'b/1', 'b/2', 'c/d/e', 'z']


@check(({}, listed, []), ({'Delimiter': '/'}, ['a', 'z'], ['b/', 'c/']), ({'Prefix': 'b/'}, ['b/1', 'b/2'], []), ({'Prefix': 'c/', 'Delimiter': '/'}, [], ['c/d/']), ({'StartAfter': 'b/1'}, ['b/2', 'c/d/e', 'z'], []), ({'Prefix': 'none'}, [], []))
def a_listing(asked, keys, prefixes):
    Bucket = bucket()
    for key in listed:
        main.put_object(Bucket=Bucket, Key=key, Body=b'x')
    for size in (1, 1000):
        found, groups, more = [], [], {}
        while True:
            page = main.list_objects_v2(Bucket=Bucket, MaxKeys=size, **asked, **more)
            found += [each['Key'] for each in page.get('Contents', [])]
            groups += [each['Prefix'] for each in page.get('CommonPrefixes', [])]
            if not page['IsTruncated']:
                break
            more = {'ContinuationToken': page['NextContinuationToken']}
        same([found, groups], [keys, prefixes])
    if 'StartAfter' not in asked:
        first = main.list_objects(Bucket=Bucket, **asked)
        same([[each['Key'] for each in first.get('Contents', [])], [each['Prefix'] for each in first.get('CommonPrefixes', [])]], [keys, prefixes])


@check()
def a_listing_of_odd_sizes():
    Bucket = bucket()
    main.put_object(Bucket=Bucket, Key='k', Body=b'x')
    same([main.list_objects_v2(Bucket=Bucket, MaxKeys=0)['KeyCount'], main.list_objects_v2(Bucket=Bucket, MaxKeys=0)['IsTruncated']], [0, False])
    refused('400 InvalidArgument', main.list_objects_v2, Bucket=Bucket, MaxKeys=-1)
    same(main.list_objects_v2(Bucket=Bucket, ContinuationToken='')['KeyCount'], 1)


@check()
def many_are_deleted_at_once():
    Bucket = bucket()
    for number in range(5):
        main.put_object(Bucket=Bucket, Key=f'k{number}', Body=b'x')
    done = main.delete_objects(Bucket=Bucket, Delete={'Objects': [{'Key': f'k{number}'} for number in range(6)]})
    same(sorted(each['Key'] for each in done['Deleted']), [f'k{number}' for number in range(6)])
    same('Deleted' in main.delete_objects(Bucket=Bucket, Delete={'Objects': [{'Key': 'k'}], 'Quiet': True}), False)
    refused('400 MalformedXML', main.delete_objects, Bucket=Bucket, Delete={'Objects': [{'Key': 'k'}] * 1001})


@check(('s3v4', 'get_object'), ('s3v4', 'put_object'), ('s3v4', 'head_object'), ('s3v4', 'delete_object'), ('s3', 'get_object'), ('s3', 'put_object'), ('s3', 'head_object'), ('s3', 'delete_object'))
def a_presigned_address(version, operation):
    Bucket = bucket()
    main.put_object(Bucket=Bucket, Key='a b+c', Body=b'x')
    address = client(version=version).generate_presigned_url(operation, Params={'Bucket': Bucket, 'Key': 'a b+c'}, ExpiresIn=60)
    method = {'get_object': 'GET', 'put_object': 'PUT', 'head_object': 'HEAD', 'delete_object': 'DELETE'}[operation]
    status, data, _ = http(method, address, b'new' if method == 'PUT' else None, {'Content-Type': ''} if method == 'PUT' else None)
    same(status, 204 if method == 'DELETE' else 200)
    if method == 'GET':
        same(data, b'x')
    if method == 'PUT':
        same(body({'Bucket': Bucket, 'Key': 'a b+c'}), b'new')
    same(http('POST' if method == 'GET' else 'GET', address)[0], 403)


@check('s3v4', 's3')
def a_presigned_address_ends(version):
    Bucket = bucket()
    main.put_object(Bucket=Bucket, Key='k', Body=b'x')
    address = client(version=version).generate_presigned_url('get_object', Params={'Bucket': Bucket, 'Key': 'k'}, ExpiresIn=-10 if version == 's3' else 1)
    if version == 's3v4':
        import time
        time.sleep(2.1)
    status, data, _ = http('GET', address)
    same([status, b'<Code>AccessDenied</Code>' in data], [403, True])


@check()
def a_presigned_form():
    Bucket = bucket()
    form = main.generate_presigned_post(Bucket, 'up/${filename}', Conditions=[['starts-with', '$key', 'up/'], ['content-length-range', 1, 10]], ExpiresIn=60)
    fields = ''.join(f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in form['fields'].items())

    def post(data):
        payload = f'{fields}--B\r\nContent-Disposition: form-data; name="file"; filename="f.txt"\r\n\r\n{data}\r\n--B--\r\n'.encode()
        return http('POST', form['url'], payload, {'Content-Type': 'multipart/form-data; boundary=B'})[0]
    same([post('hello'), post('too long for it')], [204, 400])
    same(body({'Bucket': Bucket, 'Key': 'up/f.txt'}), b'hello')


@check()
def signatures_of_version_2():
    Bucket = bucket()
    main_v2.put_object(Bucket=Bucket, Key='a b/ü', Body=b'x', Metadata={'m': '1'})
    same(main_v2.get_object(Bucket=Bucket, Key='a b/ü')['Body'].read(), b'x')
    same([each['Key'] for each in main_v2.list_objects(Bucket=Bucket)['Contents']], ['a b/ü'])


@check()
def a_key_that_nobody_has():
    import boto3
    from botocore.client import Config
    wrong = lambda access, secret: boto3.client('s3', endpoint_url=url, region_name='us-east-1', aws_access_key_id=access, aws_secret_access_key=secret, config=Config(retries={'max_attempts': 0}))
    refused('403 InvalidAccessKeyId', wrong('AKIANONE', 'x').list_buckets)
    refused('403 SignatureDoesNotMatch', wrong('AKIAMAIN', 'x').list_buckets)


@check()
def what_is_not_there():
    Bucket = bucket()
    refused('404 NoSuchKey', main.get_object, Bucket=Bucket, Key='k')
    refused('404 NoSuchBucket', main.get_object, Bucket=f'{Bucket}-none', Key='k')
    same(code(main.delete_object, Bucket=Bucket, Key='k'), 'ok')
    refused('404 NoSuchKey', main.get_object_tagging, Bucket=Bucket, Key='k')
    refused('403 AccessDenied', alt.get_object, Bucket=Bucket, Key='k')
    refused('403 AccessDenied', nobody.get_object, Bucket=Bucket, Key='k')


@check()
def a_length_that_is_too_long():
    refused('400 KeyTooLongError', main.put_object, Bucket=bucket(), Key='x' * 1025, Body=b'x')
