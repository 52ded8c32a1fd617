"""Keys that only the customer has, and the default key of a keyring: on single objects, copies, uploads, presigned addresses and forms."""
import base64
import hashlib

from harness import body, bucket, check, client, code, http, main, md5, same

one, two = b'1' * 32, b'2' * 32


def under(key):
    return {'SSECustomerAlgorithm': 'AES256', 'SSECustomerKey': key}


def of_source(key):
    return {'CopySourceSSECustomerAlgorithm': 'AES256', 'CopySourceSSECustomerKey': key}


def headers(key, source=''):
    said = {'algorithm': 'AES256', 'key': base64.b64encode(key).decode(), 'key-MD5': base64.b64encode(hashlib.md5(key).digest()).decode()}
    return {f'x-amz-{source}server-side-encryption-customer-{name}': value for name, value in said.items()}


@check(0, 1, 1000, 65536, 200_000)
def an_object_under_a_key_of_the_customer(size):
    Bucket, data = bucket(), b'x' * size
    put = main.put_object(Bucket=Bucket, Key='k', Body=data, **under(one))
    same([put['SSECustomerAlgorithm'], put.get('ServerSideEncryption'), put['ETag'] == f'"{md5(data)}"'], ['AES256', None, False])
    same(body({'Bucket': Bucket, 'Key': 'k', **under(one)}), data)
    head = main.head_object(Bucket=Bucket, Key='k', **under(one))
    same([head['ContentLength'], head['ETag'], head['SSECustomerKeyMD5']], [size, put['ETag'], put['SSECustomerKeyMD5']])
    same([code(main.get_object, Bucket=Bucket, Key='k'), code(main.get_object, Bucket=Bucket, Key='k', **under(two))], ['400 InvalidRequest', '403 AccessDenied'])
    same([code(main.head_object, Bucket=Bucket, Key='k'), code(main.head_object, Bucket=Bucket, Key='k', **under(two))], ['400 400', '403 403'])
    main.delete_object(Bucket=Bucket, Key='k')


@check()
def a_key_where_there_is_none():
    Bucket = bucket()
    main.put_object(Bucket=Bucket, Key='k', Body=b'x')
    same(code(main.get_object, Bucket=Bucket, Key='k', **under(one)), '400 InvalidRequest')


@check('old to new', 'to none', 'from none')
def a_copy_changes_the_key(how):
    Bucket = bucket()
    before, after = (None if how == 'from none' else one), (None if how == 'to none' else two)
    main.put_object(Bucket=Bucket, Key='k', Body=b'x', **(under(before) if before else {}))
    main.copy_object(Bucket=Bucket, Key='k2', CopySource=f'{Bucket}/k', **(of_source(before) if before else {}), **(under(after) if after else {}))
    same(body({'Bucket': Bucket, 'Key': 'k2', **(under(after) if after else {})}), b'x')
    same(code(main.get_object, Bucket=Bucket, Key='k2', **({} if after else under(two))), '400 InvalidRequest')


@check()
def an_upload_under_a_key_of_the_customer():
    Bucket, Key, data = bucket(), 'k', b'a' * (5 * 1024 * 1024)
    upload = {'Bucket': Bucket, 'Key': Key, 'UploadId': main.create_multipart_upload(Bucket=Bucket, Key=Key, **under(one))['UploadId']}
    same([code(main.upload_part, PartNumber=1, Body=data, **upload), code(main.upload_part, PartNumber=1, Body=data, **upload, **under(two))], ['400 InvalidRequest'] * 2)
    parts = [{'PartNumber': number, 'ETag': main.upload_part(PartNumber=number, Body=part, **upload, **under(one))['ETag']} for number, part in ((1, data), (2, b'end'))]
    main.complete_multipart_upload(MultipartUpload={'Parts': parts}, **upload)
    same(body({'Bucket': Bucket, 'Key': Key, 'Range': 'bytes=5242878-5242881', **under(one)}), b'aaen')
    same(code(main.get_object, Bucket=Bucket, Key=Key), '400 InvalidRequest')


@check()
def a_presigned_address_is_bound_to_the_key_of_the_customer():
    Bucket = bucket()
    put = client().generate_presigned_url('put_object', Params={'Bucket': Bucket, 'Key': 'k', **under(one)}, ExpiresIn=60)
    same(http('PUT', put, b'x', {'Content-Type': ''})[0], 403)
    same(http('PUT', put, b'x', {'Content-Type': '', **headers(two)})[0], 403)
    same(http('PUT', put, b'x', {'Content-Type': '', **headers(one)})[0], 200)
    get = client().generate_presigned_url('get_object', Params={'Bucket': Bucket, 'Key': 'k', **under(one)}, ExpiresIn=60)
    same([http('GET', get, None, headers(one))[:2], http('GET', get)[0]], [(200, b'x'), 403])


@check()
def a_form_under_a_key_of_the_customer():
    Bucket, said = bucket(), headers(one)
    form = main.generate_presigned_post(Bucket, 'k', Fields=said, Conditions=[{name: value} for name, value in said.items()], ExpiresIn=60)
    fields = ''.join(f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in form['fields'].items())
    payload = f'{fields}--B\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n--B--\r\n'.encode()
    same(http('POST', form['url'], payload, {'Content-Type': 'multipart/form-data; boundary=B'})[0], 204)
    same([body({'Bucket': Bucket, 'Key': 'k', **under(one)}), code(main.get_object, Bucket=Bucket, Key='k')], [b'x', '400 InvalidRequest'])


@check(0, 1, 1000, 65536)
def an_object_under_the_default_key(size):
    Bucket, data = bucket(), b'x' * size
    put = main.put_object(Bucket=Bucket, Key='k', Body=data, ServerSideEncryption='aws:kms')
    same([put['ServerSideEncryption'], put['ETag'] == f'"{md5(data)}"'], ['aws:kms', False])
    head = main.head_object(Bucket=Bucket, Key='k')
    same([head['ServerSideEncryption'], head['SSEKMSKeyId']], ['aws:kms', put['SSEKMSKeyId']])
    same(body({'Bucket': Bucket, 'Key': 'k'}), data)
    main.copy_object(Bucket=Bucket, Key='plain', CopySource=f'{Bucket}/k', ServerSideEncryption='AES256')
    same([body({'Bucket': Bucket, 'Key': 'plain'}), main.head_object(Bucket=Bucket, Key='plain')['ServerSideEncryption']], [data, 'AES256'])


@check()
def an_upload_under_the_default_key():
    Bucket, Key, data = bucket(), 'k', b'a' * (5 * 1024 * 1024)
    upload = {'Bucket': Bucket, 'Key': Key, 'UploadId': main.create_multipart_upload(Bucket=Bucket, Key=Key, ServerSideEncryption='aws:kms')['UploadId']}
    parts = [{'PartNumber': number, 'ETag': main.upload_part(PartNumber=number, Body=part, **upload)['ETag']} for number, part in ((1, data), (2, b'end'))]
    same(main.complete_multipart_upload(MultipartUpload={'Parts': parts}, **upload)['ServerSideEncryption'], 'aws:kms')
    same(body({'Bucket': Bucket, 'Key': Key, 'Range': 'bytes=5242878-5242881'}), b'aaen')


@check()
def a_bucket_that_encrypts_with_the_default_key():
    Bucket = bucket()
    main.put_bucket_encryption(Bucket=Bucket, ServerSideEncryptionConfiguration={'Rules': [{'ApplyServerSideEncryptionByDefault': {'SSEAlgorithm': 'aws:kms'}}]})
    same(main.put_object(Bucket=Bucket, Key='k', Body=b'x')['ServerSideEncryption'], 'aws:kms')
    get = client().generate_presigned_url('get_object', Params={'Bucket': Bucket, 'Key': 'k'}, ExpiresIn=60)
    same(http('GET', get)[:2], (200, b'x'))


@check()
def a_key_that_is_not_there():
    Bucket = bucket()
    same(code(main.put_object, Bucket=Bucket, Key='k', Body=b'x', ServerSideEncryption='aws:kms', SSEKMSKeyId='none'), '400 KMS.NotFoundException')
    same(code(main.put_object, Bucket=Bucket, Key='k', Body=b'x', ServerSideEncryption='AES256', SSEKMSKeyId='none'), '400 InvalidArgument')
